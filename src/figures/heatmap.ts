import { blockStarts, labelParameters, placeExpression, positionAxis } from './axis.ts'
import type { PositionAxis } from './axis.ts'
import { divergingInk, sequentialInk } from './ink.ts'
import type { Ink } from './ink.ts'
import { cellCharacters } from './numbers.ts'
import { vegaLiteSchema } from './spec.ts'
import type { VegaLiteSpec } from './spec.ts'
import { plainSpaces, wrapText } from './text-width.ts'
import { figureTitle } from './title.ts'
import { divergingScheme, sequentialScheme, theme } from './theme.ts'

/** Sizes in which numbers are printed in cells, and the width of a digit in ems. */
const numberSizes = [10, 8.5]
const digit = 0.636

/** How a value becomes a cell's colour, and the ink of the number printed on it. */
export interface CellColour {
  readonly scale: { readonly scheme: string; readonly domain: readonly [number, number]; readonly reverse?: boolean }
  readonly ink: Ink
}

/** For values that grow from `low` to `high`. */
export function sequentialColour(domain: readonly [low: number, high: number]): CellColour {
  return { scale: { scheme: sequentialScheme, domain }, ink: sequentialInk(domain) }
}

/** For values around 0, none of greater magnitude than `extent`: blue below, red above. */
export function divergingColour(extent: number): CellColour {
  return { scale: { scheme: divergingScheme, domain: [-extent, extent], reverse: true }, ink: divergingInk(extent) }
}

export interface Heatmap {
  readonly title: string
  readonly subtitle: readonly string[]
  readonly description: string
  /** The cells: `panel`'s field, the two axes' fields and the value's. */
  readonly cells: readonly Readonly<Record<string, number | null>>[]
  /** The field that tells panels apart, its values in order, and how many stand side by side. */
  readonly panel: { readonly name: string; readonly order: readonly number[]; readonly columns: number } | null
  readonly y: PositionAxis
  readonly x: PositionAxis
  /** The legend's title is null where a neighbour's legend serves. */
  readonly value: { readonly name: string; readonly title: string | null; readonly format: string }
  readonly colour: CellColour
}

/** One heatmap a panel, sharing axes and colours; numbers are printed in the cells where they fit. */
export function heatmap(of: Heatmap): VegaLiteSpec {
  const { panel } = of
  const width = blockStarts(of.x).length * of.x.step
  const unit = heatmapUnit(of)
  const parameters = labelParameters([of.y, of.x])
  return {
    $schema: vegaLiteSchema,
    description: plainSpaces(of.description),
    title: figureTitle(
      of.title,
      of.subtitle,
      (panel === null ? width : Math.min(panel.order.length, panel.columns) * (width + 24)) + 100,
    ),
    ...(parameters.length > 0 ? { params: parameters } : {}),
    data: { values: of.cells },
    ...(panel === null
      ? unit
      : {
          facet: {
            field: panel.name,
            type: 'ordinal',
            sort: panel.order,
            header: { title: null, labelExpr: `'${panel.name} ' + datum.value` },
          },
          columns: panel.columns,
          spec: unit,
        }),
    config: theme,
  } as unknown as VegaLiteSpec
}

/** The drawing of one panel, without data. Cells without a value are marked as such. */
export function heatmapUnit(
  of: Pick<Heatmap, 'cells' | 'x' | 'y' | 'value' | 'colour'> & { readonly panel: { readonly name: string } | null },
): Record<string, unknown> {
  const { x, y, value, panel, colour } = of
  const width = blockStarts(x).length * x.step
  const height = blockStarts(y).length * y.step
  const characters = cellCharacters(value.format, colour.scale.domain[0] < 0)
  const fontSize = numberSizes.find((size) => characters * digit * size + 5 <= x.step && size + 4 <= y.step)
  const position = (axis: PositionAxis, orient: 'x' | 'y') => ({
    field: axis.name,
    type: 'ordinal',
    scale: { domain: blockStarts(axis), paddingInner: 0, paddingOuter: 0 },
    axis: positionAxis(axis, orient),
  })
  const rect = {
    mark: { type: 'rect', aria: false },
    encoding: {
      color: {
        field: value.name,
        type: 'quantitative',
        scale: colour.scale,
        legend:
          value.title === null
            ? null
            : { title: wrapText(value.title, 110, 11), gradientLength: Math.max(60, Math.min(200, height)) },
      },
    },
  }
  // For every layer: a number printed in a cell lies above the cell.
  const tooltip = [
    ...(panel === null ? [] : [{ field: panel.name, type: 'ordinal' }]),
    { field: `${y.name}_at`, type: 'nominal', title: y.name },
    { field: `${x.name}_at`, type: 'nominal', title: x.name },
    { field: value.name, type: 'quantitative', title: value.name, format: '.4~f' },
  ]
  const incomplete = of.cells.some((cell) => cell[value.name] === null)
  const numbers = {
    ...(incomplete ? { transform: [{ filter: `isValid(datum.${value.name})` }] } : {}),
    mark: { type: 'text', aria: false, fontSize },
    encoding: {
      text: { field: value.name, type: 'quantitative', format: value.format },
      color: {
        condition: { test: colour.ink.test(`datum.${value.name}`), value: colour.ink.then },
        value: colour.ink.otherwise,
      },
    },
  }
  const undefinedCells = {
    transform: [{ filter: `!isValid(datum.${value.name})` }],
    mark: { type: 'text', aria: false, style: 'note', text: '\u2013' },
  }
  return {
    width,
    height,
    transform: [
      { calculate: placeExpression(y), as: `${y.name}_at` },
      { calculate: placeExpression(x), as: `${x.name}_at` },
    ],
    encoding: { x: position(x, 'x'), y: position(y, 'y'), tooltip },
    layer: [rect, ...(fontSize === undefined ? [] : [numbers]), ...(incomplete ? [undefinedCells] : [])],
  }
}
