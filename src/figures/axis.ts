import { textWidth } from './text-width.ts'

/** Labels' size on the axes of positions, pixels. */
export const labelSize = 10

/** An axis of positions: cells of equal size, one a block of `factor` positions from `first` to `last`. */
export interface PositionAxis {
  readonly name: string
  readonly first: number
  readonly last: number
  readonly factor: number
  /** Pixels a cell. */
  readonly step: number
  /** Every position's label, from position 0 on; null numbers them. */
  readonly labels: readonly string[] | null
}

/** First positions of the axis's blocks: the scale's domain. */
export function blockStarts(axis: PositionAxis): number[] {
  return Array.from(
    { length: Math.ceil((axis.last - axis.first + 1) / axis.factor) },
    (_, block) => axis.first + block * axis.factor,
  )
}

/** Vega-Lite's axis: as many labels as have room, turned only where they would not fit otherwise. */
export function positionAxis(axis: PositionAxis, orient: 'x' | 'y'): Record<string, unknown> {
  const starts = blockStarts(axis)
  const labelled = axis.labels !== null && axis.factor === 1
  const texts = labelled ? axis.labels.slice(axis.first, axis.last + 1) : [String(axis.last)]
  const widest = Math.max(...texts.map(textWidth)) * labelSize + 6
  const level = orient === 'x' ? widest : axis.step >= labelSize + 3 ? axis.step : 2 * labelSize
  const turned = labelled && orient === 'x' && widest > axis.step
  const every = stride(Math.ceil((turned ? labelSize + 4 : level) / axis.step))
  const values = starts.filter((_, block) => block % every === 0)
  return {
    title: axisTitle(axis, labelled ? every : 1),
    values,
    labelAngle: turned ? -45 : 0,
    ...(orient === 'x'
      ? turned
        ? { labelAlign: 'right', labelBaseline: 'middle' }
        : { labelAlign: 'center', labelBaseline: 'top' }
      : {}),
    ...(labelled ? { labelExpr: `${labelsParameter(axis)}[datum.value - ${axis.first}]` } : {}),
  }
}

/** The parameter that holds an axis's labels, so that tokens are data and never part of an expression. */
export function labelsParameter(axis: PositionAxis): string {
  return `${axis.name}_labels`
}

/** Vega-Lite's parameters for the axes' labels: those of the window alone. */
export function labelParameters(axes: readonly PositionAxis[]): { name: string; value: string[] }[] {
  return axes
    .filter(({ labels, factor }) => labels !== null && factor === 1)
    .map((axis) => ({ name: labelsParameter(axis), value: axis.labels!.slice(axis.first, axis.last + 1) }))
}

/** What a tooltip says of a cell's place: its position or range of positions, and its token. */
export function placeExpression(axis: PositionAxis): string {
  const at = `datum.${axis.name}`
  if (axis.factor > 1) return `${at} + '\u2013' + min(${at} + ${axis.factor - 1}, ${axis.last})`
  return axis.labels === null ? `'' + ${at}` : `${at} + ' ' + ${labelsParameter(axis)}[${at} - ${axis.first}]`
}

function axisTitle(axis: PositionAxis, every: number): string {
  if (axis.factor > 1) return `${axis.name} (first of ${axis.factor})`
  return every > 1 ? `${axis.name} (every ${ordinal(every)} labelled)` : axis.name
}

/** The least of the round distances that is at least `least`. */
function stride(least: number): number {
  for (let unit = 1; ; unit *= 10) for (const times of [1, 2, 5]) if (times * unit >= least) return times * unit
}

function ordinal(n: number): string {
  return n === 2 ? '2nd' : `${n}th`
}
