import { divergingColour, sequentialColour } from './heatmap.ts'
import type { CellColour } from './heatmap.ts'
import { cellStep, panelLayout } from './layout.ts'
import { inWords } from './numbers.ts'
import type { VegaLiteSpec } from './spec.ts'
import { divergingScheme } from './theme.ts'
import { figureTitle } from './title.ts'

/** What a heatmap specification (heatmap.ts) is made of, as far as two of them are compared. */
interface Unit {
  width: number
  height: number
  encoding: { x: Channel; y: Channel; tooltip: unknown[] }
  layer: {
    mark: { type: string }
    transform?: unknown
    encoding: Record<string, unknown> & { color: { field?: string; scale?: CellColour['scale'] } }
  }[]
  [more: string]: unknown
}
interface Channel {
  field: string
  scale: { domain: number[] }
  [more: string]: unknown
}
type Cell = Readonly<Record<string, number | null>>
interface HeatmapSpec extends Partial<Unit> {
  title: { text: string[] }
  data: { values: Cell[] }
  facet?: { field: string; header?: unknown }
  columns?: number
  spec?: Unit
}

/** A picture to be compared, and what it is called. */
export interface Named {
  readonly name: string
  readonly spec: VegaLiteSpec
}

/** A difference, or why there is none, in words. */
export type Difference = { readonly spec: VegaLiteSpec } | { readonly incomparable: string }

/**
 * The second of two heatmap figures minus the first, cell by cell, coloured around 0. Both must show the same
 * quantity over the same positions; where they have other heads, each is averaged over its own first. Pooled figures
 * give differences of their blocks' values.
 */
export function differenceFigure(first: Named, second: Named): Difference {
  const [a, b] = [first.spec, second.spec] as unknown as [HeatmapSpec, HeatmapSpec]
  const [unitA, unitB] = [unitOf(a), unitOf(b)]
  if (unitA === null || unitB === null) return { incomparable: 'These figures are no heat maps.' }
  const value = valueOf(unitA)
  if (value !== valueOf(unitB)) return { incomparable: 'The two show different quantities.' }
  const { x, y } = unitA.encoding
  for (const [mine, other] of [
    [y, unitB.encoding.y],
    [x, unitB.encoding.x],
  ] as const) {
    if (mine.scale.domain.join() !== other.scale.domain.join()) {
      return {
        incomparable: `${first.name} and ${second.name} do not have the same ${plural(mine.field)}, so there is no cell-by-cell difference.`,
      }
    }
  }
  const headsA = panelsOf(a),
    headsB = panelsOf(b)
  const panel = headsA.length > 1 && headsA.join() === headsB.join() ? a.facet!.field : null
  const averaged = panel === null && headsA.length + headsB.length > 2
  const place = (cell: Cell): string => [panel === null ? '' : cell[panel], cell[y.field], cell[x.field]].join()
  const [inA, inB] = [means(a.data.values, place, value), means(b.data.values, place, value)]
  const cells: Cell[] = []
  let extent = 0
  for (const [at, { cell, mean: before }] of inA) {
    const after = inB.get(at)?.mean ?? null
    const difference = before === null || after === null ? null : Number((after - before).toPrecision(6))
    if (difference !== null) extent = Math.max(extent, Math.abs(difference))
    cells.push({
      ...(panel === null ? {} : { [panel]: cell[panel]! }),
      [y.field]: cell[y.field]!,
      [x.field]: cell[x.field]!,
      first: before,
      second: after,
      difference,
    })
  }
  const panels = panel === null ? 1 : headsA.length
  const layout = panelLayout(panels)
  const unit = differenceUnit(unitA, {
    panel,
    first: first.name,
    second: second.name,
    size: panel === null ? layout.size : null,
    colour: divergingColour(extent > 0 ? extent : 1),
  })
  const title = `${second.name} minus ${first.name}: ${a.title.text.join(' ')}${averaged ? ', each averaged over its heads' : ''}`
  const subtitle = `Red: greater in ${second.name}. Blue: greater in ${first.name}. Greatest difference ${inWords(extent)}.${/pooled|magnitude/.test(title) ? ' Differences of the blocks\u2019 values.' : ''}`
  const {
    width: _width,
    height: _height,
    encoding: _encoding,
    layer: _layer,
    transform: _transform,
    spec: _spec,
    facet,
    columns,
    ...rest
  } = a as HeatmapSpec & { transform?: unknown }
  return {
    spec: {
      ...rest,
      description: `${title}. Heat map of differences, coloured around 0. ${subtitle}`,
      title: figureTitle(
        title,
        [subtitle],
        panel === null ? unit.width : Math.min(panels, columns!) * (unit.width + 24),
      ),
      data: { values: cells },
      ...(panel === null ? unit : { facet, columns, spec: unit }),
    } as unknown as VegaLiteSpec,
  }
}

/** Heatmap figures of one quantity with one colour scale, so that equal colours mean equal values in all of them. */
export function withSharedColours(specs: readonly VegaLiteSpec[]): readonly VegaLiteSpec[] {
  const scales = specs.map((spec) => unitOf(spec as unknown as HeatmapSpec)?.layer[0]!.encoding.color.scale)
  if (scales.some((scale) => scale === undefined || scale.scheme !== scales[0]!.scheme)) return specs
  const domains = scales.map((scale) => scale!.domain)
  const low = Math.min(...domains.map((domain) => domain[0])),
    high = Math.max(...domains.map((domain) => domain[1]))
  const colour = scales[0]!.scheme === divergingScheme ? divergingColour(high) : sequentialColour([low, high])
  return specs.map((spec) => {
    const copy = structuredClone(spec) as unknown as HeatmapSpec
    const unit = unitOf(copy)!
    recolour(unit, valueOf(unit), colour)
    return copy as unknown as VegaLiteSpec
  })
}

function differenceUnit(
  unit: Unit,
  of: { panel: string | null; first: string; second: string; size: number | null; colour: CellColour },
): Unit {
  const { width, height, transform, encoding, layer } = structuredClone(unit)
  const copy: Unit = { width, height, transform, encoding, layer }
  const [rect] = copy.layer
  const number = (field: string, title: string) => ({ field, type: 'quantitative', title, format: '.4~f' })
  const places = (copy.encoding.tooltip as { field: string }[]).filter(
    ({ field }) => field.endsWith('_at') || field === of.panel,
  )
  copy.encoding.tooltip = [
    ...places,
    number('first', of.first),
    number('second', of.second),
    number('difference', `${of.second} \u2212 ${of.first}`),
  ]
  rect!.encoding.color = {
    ...rect!.encoding.color,
    field: 'difference',
    ...{
      legend: { title: `${of.second} \u2212 ${of.first}`, gradientLength: Math.max(60, Math.min(200, copy.height)) },
    },
  }
  for (const layer of copy.layer.slice(1)) {
    if (layer.encoding?.text !== undefined)
      layer.encoding.text = { field: 'difference', type: 'quantitative', format: '+.2f' }
    if (layer.transform !== undefined) layer.transform = [{ filter: '!isValid(datum.difference)' }]
  }
  recolour(copy, 'difference', of.colour)
  if (of.size !== null) {
    copy.width = copy.encoding.x.scale.domain.length * cellStep(of.size, copy.encoding.x.scale.domain.length)
    copy.height = copy.encoding.y.scale.domain.length * cellStep(of.size, copy.encoding.y.scale.domain.length)
  }
  return copy
}

/** Gives the cells another colour scale and the numbers printed on them the ink that goes with it. */
function recolour(unit: Unit, value: string, colour: CellColour): void {
  const [rect, numbers] = unit.layer
  rect!.encoding.color = { ...rect!.encoding.color, scale: colour.scale }
  if (numbers?.encoding?.text !== undefined) {
    numbers.encoding.color = {
      condition: { test: colour.ink.test(`datum.${value}`), value: colour.ink.then },
      value: colour.ink.otherwise,
    } as never
  }
}

function unitOf(spec: HeatmapSpec): Unit | null {
  const unit = spec.spec ?? spec
  return unit.layer?.[0]?.mark?.type === 'rect' && unit.encoding?.x?.scale?.domain !== undefined ? (unit as Unit) : null
}

function valueOf(unit: Unit): string {
  return unit.layer[0]!.encoding.color.field!
}

function panelsOf(spec: HeatmapSpec): number[] {
  const { facet } = spec
  return facet === undefined ? [0] : [...new Set(spec.data.values.map((cell) => cell[facet.field]!))]
}

/** The mean of the cells of each place; null where one of them has no value. */
function means(
  cells: readonly Cell[],
  place: (cell: Cell) => string,
  value: string,
): Map<string, { cell: Cell; mean: number | null }> {
  const sums = new Map<string, { cell: Cell; sum: number | null; count: number }>()
  for (const cell of cells) {
    const known = sums.get(place(cell))
    if (known === undefined) sums.set(place(cell), { cell, sum: cell[value] ?? null, count: 1 })
    else {
      known.sum = known.sum === null || cell[value] == null ? null : known.sum + cell[value]
      known.count++
    }
  }
  return new Map([...sums].map(([at, { cell, sum, count }]) => [at, { cell, mean: sum === null ? null : sum / count }]))
}

function plural(name: string): string {
  return name === 'query' ? 'queries' : `${name}s`
}
