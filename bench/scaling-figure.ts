import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'

export type Answer = 'summary' | 'weights'
/** Which size a point belongs to the growth of. */
export type Along = 'T' | 'heads'

export interface Point {
  readonly answer: Answer
  readonly along: Along
  readonly seqLen: number
  readonly heads: number
  readonly milliseconds: number
  /** Of the answer's body. */
  readonly bytes: number
  /** Resident bytes of all processes, before and at most. */
  readonly idle: number
  readonly peak: number
  /** The service answered 413. */
  readonly refused: boolean
}

export type Quantity = 'time' | 'memory'

/** Milliseconds, or MB above idle. */
export const quantityOf = (point: Point, quantity: Quantity): number =>
  quantity === 'time' ? point.milliseconds : (point.peak - point.idle) / 2 ** 20
export const sizeOf = (point: Point): number => (point.along === 'T' ? point.seqLen : point.heads)

const TITLES = { time: 'time, ms', memory: 'memory above idle, MB', T: 'T (12 heads)', heads: 'heads (T 1024)' }
const COLORS = { summary: '#2166ac', weights: '#d6604d' }
/** Where guides start, as a share of the least value there, so that they lie below the curves. */
const BELOW = 0.2

const round125 = [1, 2, 5]
  .flatMap((digit) => [0, 1, 2, 3, 4, 5].map((power) => digit * 10 ** power))
  .sort((a, b) => a - b)

/**
 * Lines of slope 1, and 2 over T, from the middle of the sizes to the greatest: what growth as the size, or its square,
 * looks like.
 */
function guides(
  points: readonly Point[],
  along: Along,
  quantity: Quantity,
): { name: string; size: number; value: number }[] {
  const sizes = [...new Set(points.map(sizeOf))].sort((a, b) => a - b)
  const [from, to] = [sizes[sizes.length >> 1]!, sizes.at(-1)!]
  const start =
    BELOW * Math.min(...points.filter((point) => sizeOf(point) === from).map((point) => quantityOf(point, quantity)))
  return (along === 'T' ? [1, 2] : [1]).flatMap((power) => {
    const name = `∝ ${along}${power === 2 ? '²' : ''}`
    return [
      { name, size: from, value: start },
      { name, size: to, value: start * (to / from) ** power },
    ]
  })
}

/** Four panels, time and memory over T and over heads, all axes logarithmic, a quantity's in the same range; as SVG. */
export async function scalingFigure(all: readonly Point[], machine: string): Promise<string> {
  const points = all.filter((point) => !point.refused)
  const panel = (along: Along, quantity: Quantity): object => {
    const shown = points.filter((point) => point.along === along)
    const lines = guides(shown, along, quantity)
    const everywhere = [...points.map((point) => quantityOf(point, quantity)), ...lines.map(({ value }) => value)]
    const [low, high] = [
      round125.findLast((mark) => mark <= Math.min(...everywhere))!,
      round125.find((mark) => mark >= Math.max(...everywhere))!,
    ]
    const sizes = [...new Set(shown.map(sizeOf))]
    const x = {
      field: 'size',
      type: 'quantitative',
      scale: { type: 'log', base: 2, domain: [Math.min(...sizes), Math.max(...sizes)], nice: false },
      axis: { values: sizes, format: 'd', labelOverlap: false, labelFlush: false },
      title: TITLES[along],
    }
    const y = {
      field: 'value',
      type: 'quantitative',
      scale: { type: 'log', domain: [low, high], nice: false },
      axis: { values: round125.filter((mark) => mark >= low && mark <= high), format: ',d', labelOverlap: false },
      title: TITLES[quantity],
    }
    return {
      width: 320,
      height: 240,
      layer: [
        {
          data: { values: lines },
          mark: { type: 'line', strokeDash: [4, 3], color: '#888', strokeWidth: 1 },
          encoding: { x, y, detail: { field: 'name' } },
        },
        {
          data: { values: lines.filter((_, i) => i % 2 === 1) },
          mark: { type: 'text', align: 'left', dx: 7, color: '#666', fontSize: 11 },
          encoding: { x, y, text: { field: 'name' } },
        },
        {
          data: {
            values: shown.map((point) => ({
              answer: point.answer,
              size: sizeOf(point),
              value: quantityOf(point, quantity),
            })),
          },
          mark: { type: 'line', point: { size: 45, filled: true }, strokeWidth: 2 },
          encoding: {
            x,
            y,
            color: {
              field: 'answer',
              type: 'nominal',
              title: null,
              scale: { domain: Object.keys(COLORS), range: Object.values(COLORS) },
              legend: {
                orient: 'top',
                symbolType: 'stroke',
                symbolStrokeWidth: 3,
                labelFontSize: 12,
                labelExpr: "datum.label + (datum.label === 'weights' ? ' as JSON' : ' only')",
              },
            },
          },
        },
      ],
    }
  }
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 16,
    title: {
      text: 'Time and memory of one request as T and the number of heads grow',
      subtitle: `multi-head, B 1, width 768, axes logarithmic; ${machine}`,
      anchor: 'start',
      fontSize: 15,
      subtitleFontSize: 11,
      subtitleColor: '#555',
      offset: 12,
    },
    columns: 2,
    spacing: 28,
    resolve: { legend: { color: 'shared' } },
    concat: [panel('T', 'time'), panel('T', 'memory'), panel('heads', 'time'), panel('heads', 'memory')],
    config: {
      font: 'DejaVu Sans, Verdana, sans-serif',
      axis: {
        gridColor: '#e6e6e6',
        titleFontWeight: 'normal',
        titleFontSize: 12,
        labelFontSize: 11,
        domainColor: '#999',
        tickColor: '#999',
      },
      view: { stroke: '#ccc' },
    },
  }
  const view = new View(parse(compile(spec as unknown as TopLevelSpec).spec), { renderer: 'none' })
  return view.toSVG()
}
