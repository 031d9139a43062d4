/** The figures' colours on the page's own background, light and dark; what they mean is the specification's. */
const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'

interface Inks {
  readonly ink: string
  readonly soft: string
  readonly line: string
  readonly faint: string
  readonly baseline: string
  readonly observed: string
  readonly refuted: string
}

const light: Inks = {
  ink: '#171a1f',
  soft: '#4b5563',
  line: '#9aa4b2',
  faint: '#e3e7ec',
  baseline: '#8c5c00',
  observed: '#1f5fa8',
  refuted: '#b0350a',
}
const dark: Inks = {
  ink: '#e8ecf1',
  soft: '#a6b0bd',
  line: '#5b6674',
  faint: '#29313b',
  baseline: '#e0a63a',
  observed: '#7db3f5',
  refuted: '#ff9466',
}

const line = (colour: string) => ({ color: colour, stroke: colour })
const filled = (colour: string) => ({ color: colour, fill: colour, stroke: colour })

/** What replaces the specification's own configuration. */
export function pageConfig(isDark: boolean, isHeatmap: boolean): Record<string, unknown> {
  const { ink, soft, line: edge, faint, baseline, observed, refuted } = isDark ? dark : light
  return {
    background: 'transparent',
    font,
    padding: 4,
    title: { color: ink, subtitleColor: soft },
    axis: { labelColor: soft, titleColor: ink, domainColor: edge, tickColor: edge, gridColor: faint },
    header: { labelColor: ink, titleColor: ink },
    legend: { labelColor: soft, titleColor: ink },
    // What is masked shows the background, which must not look like the darkest colour of the scale.
    view: { stroke: isDark ? '#3a4452' : '#d0d7de', ...(isDark && isHeatmap ? { fill: '#262e39' } : {}) },
    text: { color: ink },
    style: {
      baseline: line(baseline),
      observed: filled(observed),
      zero: line(soft),
      note: filled(soft),
      null: filled(baseline),
      supports: { color: observed, opacity: isDark ? 0.2 : 0.12 },
      seeds: { color: edge },
      supported: { fill: observed },
      refuted: { fill: refuted },
      not_distinguishable: { fill: soft },
    },
  }
}
