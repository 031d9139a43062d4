import { createHash } from 'node:crypto'
import type { VegaLiteSpec } from './spec.ts'
import { textWidth } from './text-width.ts'

/** Vega takes a tenth of a second and 40 MB to load, so that only a process that is asked for a picture has it. */
let loading: Promise<{ vega: typeof import('vega'); vegaLite: typeof import('vega-lite') }> | undefined

async function load() {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')])
  const { textMetrics } = vega as unknown as {
    textMetrics: { width: (item: { fontSize?: number }, text: unknown) => number }
  }
  textMetrics.width = (item, text) => textWidth(String(text ?? '').trim()) * (item.fontSize ?? 11)
  return { vega, vegaLite }
}

/** The drawing before this one: Vega numbers gradients through all drawings of a process, so they take turns. */
let turn: Promise<unknown> = Promise.resolve()

/**
 * Prints a specification as SVG, its description as the label for screen readers. Equal specifications give equal
 * bytes. Blocks the event loop while it draws: 30 ms for two 8 x 8 maps, up to half a second for the largest.
 */
export function toSvg(spec: VegaLiteSpec): Promise<string> {
  const drawing = turn.then(() => draw(spec))
  turn = drawing.catch(() => undefined)
  return drawing
}

async function draw(spec: VegaLiteSpec): Promise<string> {
  const { vega, vegaLite } = await (loading ??= load())
  const view = new vega.View(vega.parse(vegaLite.compile(spec).spec), { renderer: 'none' })
  try {
    vega.resetSVGDefIds()
    const svg = await view.toSVG()
    const label = typeof spec.description === 'string' ? `role="img" aria-label="${attribute(spec.description)}" ` : ''
    // Neighbouring cells show seams where a screen's pixels divide them, unless their edges are kept crisp.
    return withOwnIds(svg)
      .replace('<svg ', () => `<svg ${label}`)
      .replaceAll('<g class="mark-rect role-mark', '<g shape-rendering="crispEdges" class="mark-rect role-mark')
  } finally {
    view.finalize()
  }
}

/**
 * The ids of gradients and clips, which Vega counts from 0 in every drawing, with the drawing's digest before them:
 * a page that holds two figures would otherwise draw the second with the first one's colours.
 */
function withOwnIds(svg: string): string {
  const digest = createHash('sha256').update(svg).digest('hex').slice(0, 16)
  // Texts have no < or > of their own, so that only tags are looked at, and no quotes within attributes.
  return svg.replace(/<[^<>]*>/g, (tag) =>
    tag
      .replace(/( id=")([^"]*")/g, (_, before: string, rest: string) => `${before}f${digest}-${rest}`)
      .replace(
        /( (?:fill|stroke|clip-path|mask|filter)="url\(#|(?:xlink:)?href="#)/g,
        (before: string) => `${before}f${digest}-`,
      ),
  )
}

function attribute(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}
