import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'

export interface Point {
  readonly answer: 'summary' | 'weights'
  /** Which size the point belongs to the growth of. */
  readonly along: 'T' | 'heads'
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

/** Four panels, time and memory over T and over heads, all axes logarithmic; as SVG. */
export async function scalingFigure(points: readonly Point[]): Promise<string> {
  const values = points.filter((point) => !point.refused).map((point) => ({
    answer: point.answer, along: point.along, size: point.along === 'T' ? point.seqLen : point.heads,
    time: point.milliseconds, memory: (point.peak - point.idle) / 2 ** 20,
  }))
  const panel = (along: Point['along'], y: 'time' | 'memory', title: string): object => ({
    transform: [{ filter: { field: 'along', equal: along } }],
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'size', type: 'quantitative', scale: { type: 'log', base: 2 }, axis: { labelOverlap: false, format: 'd' }, title: along === 'T' ? 'T, 12 heads' : 'heads, T 1024' },
      y: { field: y, type: 'quantitative', scale: { type: 'log' }, title },
      color: { field: 'answer', type: 'nominal', title: 'answer' },
    },
  })
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json', background: 'white', data: { values }, columns: 2,
    concat: [
      panel('T', 'time', 'milliseconds'), panel('T', 'memory', 'MB above idle'),
      panel('heads', 'time', 'milliseconds'), panel('heads', 'memory', 'MB above idle'),
    ],
  }
  const view = new View(parse(compile(spec as unknown as TopLevelSpec).spec), { renderer: 'none' })
  return view.toSVG()
}
