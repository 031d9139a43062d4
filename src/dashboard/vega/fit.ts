import type { VegaLiteSpec } from '../../figures/spec.ts'
import { wrapText } from '../../figures/text-width.ts'

interface Title {
  readonly text?: string | readonly string[]
  readonly subtitle?: string | readonly string[]
  readonly fontSize?: number
  readonly subtitleFontSize?: number
}
interface Axis {
  readonly labelExpr?: string
  readonly [more: string]: unknown
}
interface Position {
  readonly scale?: { readonly domain?: readonly unknown[] }
  readonly axis?: Axis | null
  readonly [more: string]: unknown
}
interface Part {
  readonly width?: number
  readonly height?: number
  readonly columns?: number
  readonly spec?: Part
  readonly facet?: unknown
  readonly hconcat?: readonly Part[]
  readonly vconcat?: readonly Part[]
  readonly concat?: readonly Part[]
  readonly layer?: readonly {
    readonly encoding?: {
      readonly text?: unknown
      readonly color?: { readonly scale?: { readonly domain?: readonly number[] } }
    }
  }[]
  readonly encoding?: { readonly x?: Position; readonly y?: Position; readonly [channel: string]: unknown }
  readonly data?: { readonly values?: readonly unknown[] }
  readonly title?: Title
}

/** Pixels that axes and their labels, and a legend, take beside a panel, about; and those between panels. */
const axes = 64
const legend = 78
const between = 22
/** A column is saved only where cells with numbers keep this width; others may lose this share of their size. */
const numberWidth = 28
const signedNumberWidth = 36
/** In a cell this narrow, numbers would run into each other. */
const narrowest = 0.82
const leastShare = 0.62

/**
 * The picture in the room that the page has, pixels: panels side by side as far as they fit, a little smaller where
 * that saves a column, none wider than the room. Its own title is left to the page, which wraps it.
 */
export function fitted(spec: VegaLiteSpec, room: number): VegaLiteSpec {
  const { title: _title, ...picture } = spec as unknown as Part
  return fittedPart(picture, room) as unknown as VegaLiteSpec
}

function fittedPart(part: Part, room: number): Part {
  const titled = part.title === undefined ? part : { ...part, title: rewrapped(part.title, room) }
  if (titled.vconcat !== undefined)
    return { ...titled, vconcat: titled.vconcat.map((child) => fittedPart(child, room)) }
  if (titled.hconcat !== undefined) {
    const { hconcat, ...rest } = titled
    const width = hconcat.reduce((sum, child) => sum + (child.width ?? 200) + axes, 0)
    if (width <= room) return titled
    const widest = Math.max(...hconcat.map((child) => (child.width ?? 200) + axes + legend))
    return {
      ...rest,
      concat: hconcat.map((child) => fittedPart(child, room)),
      columns: Math.max(1, Math.floor(room / widest)),
    }
  }
  if (titled.columns !== undefined) {
    const panel = titled.spec ?? titled.concat?.[0] ?? {}
    const columns = columnsFor(panel, titled.columns, room)
    const share = Math.floor((room - axes - legend - between * (columns - 1)) / columns)
    if (titled.spec !== undefined) return { ...titled, columns, spec: shrunk(titled.spec, share) }
    return { ...titled, columns, concat: (titled.concat ?? []).map((child) => shrunk(child, share)) }
  }
  return shrunk(titled, room - axes - legend)
}

/** As many columns as fit, counting on panels as small as they may be. */
function columnsFor(panel: Part, wanted: number, room: number): number {
  for (let columns = wanted; columns > 1; columns--) {
    if ((room - axes - legend - between * (columns - 1)) / columns >= leastWidth(panel)) return columns
  }
  return 1
}

function cellsAcross(panel: Part): number | null {
  return panel.encoding?.x?.scale?.domain?.length ?? null
}

function leastWidth(panel: Part): number {
  const width = panel.width ?? 180
  const cells = cellsAcross(panel)
  return printsNumbers(panel) ? Math.min(width, cells! * numberWidthOf(panel)) : width * leastShare
}

function printsNumbers(panel: Part): boolean {
  return cellsAcross(panel) !== null && (panel.layer?.some(({ encoding }) => encoding?.text !== undefined) ?? false)
}

function numberWidthOf(panel: Part): number {
  return (panel.layer?.[0]?.encoding?.color?.scale?.domain?.[0] ?? 0) < 0 ? signedNumberWidth : numberWidth
}

/** Whether its cells are coloured, so that the background shows what is masked. */
export function isHeatmap(spec: VegaLiteSpec): boolean {
  const part = spec as unknown as Part
  return cellsAcross(part.spec ?? part) !== null
}

/** About how high a picture of square maps will be. */
export function heightOfMaps(
  of: { readonly panels: number; readonly columns: number; readonly cells: number; readonly step: number },
  room: number,
): number {
  const across = { scale: { domain: Array.from({ length: of.cells }) } }
  const side = of.cells * of.step
  const layer = of.step >= numberWidth ? [{}, { encoding: { text: {} } }] : [{}]
  const { columns, spec } = fittedPart(
    { columns: of.columns, spec: { width: side, height: side, layer, encoding: { x: across, y: across } } },
    room,
  )
  return Math.ceil(of.panels / columns!) * (spec!.height! + 34) + 36
}

/** A panel that is wider than it may be, made smaller with its proportions, its cells whole pixels. */
function shrunk(panel: Part, room: number): Part {
  const { width, height } = panel
  const free = Math.max(120, room)
  if (typeof width !== 'number' || width <= free) return panel
  const cells = cellsAcross(panel)
  const wanted = cells === null ? Math.floor(free) : cells * Math.max(1, Math.floor(free / cells))
  const rows = panel.encoding?.y?.scale?.domain?.length ?? null
  const tall =
    typeof height !== 'number'
      ? {}
      : {
          height:
            cells === null
              ? height
              : rows === null
                ? Math.round((height * wanted) / width)
                : Math.max(rows, Math.round(((height / rows) * wanted) / width) * rows),
        }
  const illegible = printsNumbers(panel) && wanted / cells! < narrowest * numberWidthOf(panel)
  const layer = illegible ? { layer: panel.layer!.filter(({ encoding }) => encoding?.text === undefined) } : {}
  return { ...panel, width: wanted, ...tall, ...layer, ...turnedLabels(panel) }
}

/** Tokens that had just room enough must not run into each other. */
function turnedLabels(panel: Part): Partial<Part> {
  const x = panel.encoding?.x
  if (x?.axis?.labelExpr === undefined) return {}
  return {
    encoding: {
      ...panel.encoding,
      x: { ...x, axis: { ...x.axis, labelAngle: -45, labelAlign: 'right', labelBaseline: 'middle' } },
    },
  }
}

function rewrapped(title: Title, room: number): Title {
  const lines = (text: string | readonly string[] | undefined, size: number): string[] | undefined =>
    text === undefined ? undefined : wrapText([text].flat().join(' '), room - 20, size)
  const text = lines(title.text, (title.fontSize ?? 14) * 1.08),
    subtitle = lines(title.subtitle, title.subtitleFontSize ?? 10.5)
  return { ...title, ...(text === undefined ? {} : { text }), ...(subtitle === undefined ? {} : { subtitle }) }
}

/** Marks that the picture draws, about: many are drawn on a canvas, few as SVG, which stays sharp and scales. */
export function markCount(spec: VegaLiteSpec): number {
  const count = (part: Part): number =>
    (part.data?.values?.length ?? 0) +
    [...(part.hconcat ?? []), ...(part.vconcat ?? []), ...(part.concat ?? [])].reduce(
      (sum, child) => sum + count(child),
      0,
    )
  return count(spec as unknown as Part)
}
