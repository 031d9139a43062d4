import type { VegaLiteSpec } from '../../figures/spec.ts'

interface Sized { width?: number; height?: number; columns?: number; spec?: Sized; facet?: unknown; hconcat?: Sized[]; vconcat?: Sized[]; concat?: Sized[]; data?: { values?: readonly unknown[] }; title?: unknown }

/** Pixels that axes, labels and the legend take beside a panel, about. */
const besidePanel = 64
const legend = 76

/**
 * The picture in the room that the page has: panels side by side as far as they fit, none wider than the room. Titles
 * are left to the page, which wraps them.
 */
export function fitted(spec: VegaLiteSpec, room: number): VegaLiteSpec {
  const { title: _title, ...picture } = spec as unknown as Sized
  const panels = picture.hconcat
  if (panels !== undefined) {
    const perRow = Math.max(1, Math.min(panels.length, Math.floor(room / ((panels[0]?.width ?? 200) + besidePanel + legend))))
    const { hconcat: _panels, ...rest } = picture
    return { ...rest, concat: panels.map((panel) => shrunk(panel, room)), columns: perRow } as unknown as VegaLiteSpec
  }
  if (picture.facet !== undefined && picture.spec !== undefined && picture.columns !== undefined) {
    const width = picture.spec.width ?? 180
    const between = 22
    const fit = Math.max(1, Math.floor((room - besidePanel - legend + between) / (width + between)))
    return { ...picture, columns: Math.min(picture.columns, fit), spec: shrunk(picture.spec, room) } as unknown as VegaLiteSpec
  }
  return shrunk(picture, room) as unknown as VegaLiteSpec
}

/** A panel that is wider than the room, made smaller with its proportions. */
function shrunk(panel: Sized, room: number): Sized {
  const free = Math.max(120, room - besidePanel - legend)
  if (typeof panel.width !== 'number' || panel.width <= free) return panel
  const factor = free / panel.width
  return { ...panel, width: Math.floor(panel.width * factor), ...(typeof panel.height === 'number' ? { height: Math.floor(panel.height * factor) } : {}) }
}

/** Marks that the picture draws, about: many are drawn on a canvas, few as SVG, which stays sharp and scales. */
export function markCount(spec: VegaLiteSpec): number {
  const { data, hconcat, concat } = spec as unknown as Sized
  const parts = hconcat ?? concat ?? []
  return (data?.values?.length ?? 0) + parts.reduce((sum, part) => sum + (part.data?.values?.length ?? 0), 0)
}
