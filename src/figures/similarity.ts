import type { AttentionResult } from '../attention/result.ts'
import type { Visibility } from '../problem/visibility.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { divergingColour, heatmapUnit, sequentialColour } from './heatmap.ts'
import type { CellColour } from './heatmap.ts'
import { cellStep } from './layout.ts'
import { inWords, shortest } from './numbers.ts'
import type { ResolvedSelection } from './selection.ts'
import { vegaLiteSchema } from './spec.ts'
import type { VegaLiteSpec } from './spec.ts'
import { theme } from './theme.ts'
import { figureTitle } from './title.ts'
import { cautionOf, headWords, provenance } from './words.ts'

/** Pixels that one measure's matrix has room for. */
const size = 240

/** Both correlations have one scale, and one legend between them. */
const legends: Readonly<Record<string, string | null>> = {
  pearson: null,
  row_centered_pearson: 'correlation',
  js_divergence: 'bits',
}

/** What the measures are worth under a mask. */
function noteOf({ kind }: Visibility): string {
  const shared =
    kind === 'causal'
      ? 'whole causal maps share their zeros and their 1/(i+1) rows'
      : 'whole maps share their zeros and the height of their rows'
  return (
    `pearson: ${shared}, so any two correlate. ` +
    'row_centered_pearson is 0 for unrelated heads, js_divergence 0 for equal ones. A dash: not defined.'
  )
}

/** How alike the heads of an item are: one matrix a measure, heads against heads. */
export function similarityFigure(result: AttentionResult, selection: ResolvedSelection): VegaLiteSpec {
  const { heads, item } = selection
  const { pearson, rowCenteredPearson, jsDivergence } = result.similarity!
  const measures: readonly (readonly [name: string, values: Tensor, colour: CellColour])[] = [
    ['pearson', pearson, divergingColour(1)],
    ['row_centered_pearson', rowCenteredPearson, divergingColour(1)],
    ['js_divergence', jsDivergence, sequentialColour([0, 1])],
  ]
  const axis = {
    first: 0,
    last: heads.length - 1,
    factor: 1,
    step: cellStep(size, heads.length),
    labels: heads.map(String),
  }
  const title = `Similarity of heads, ${headWords(heads, result.size.heads)}`
  const panels = measures.map(([name, values, colour]) => {
    const cells = heads.flatMap((a, query) =>
      heads.map((b, key) => ({ head: query, other: key, [name]: shortest(at(values, item!, a, b)) })),
    )
    return {
      title: { text: name, anchor: 'middle', fontSize: 11, offset: 6 },
      data: { values: cells },
      ...heatmapUnit({
        cells,
        colour,
        panel: null,
        y: { ...axis, name: 'head' },
        x: { ...axis, name: 'other' },
        value: { name, title: legends[name] ?? null, format: '.2f' },
      }),
    }
  })
  const [first, second] = heads
  const pair = measures.map(([name, values]) => `${name} ${inWords(at(values, item!, first!, second!))}`).join(', ')
  return {
    $schema: vegaLiteSchema,
    description: `${title}. One heat map a measure, heads against heads. Heads ${first} and ${second}: ${pair}.`,
    title: figureTitle(
      title,
      [provenance(result, item), noteOf(result.visibility), cautionOf(result.source)],
      measures.length * (heads.length * axis.step + 80),
    ),
    params: [
      { name: 'head_labels', value: axis.labels },
      { name: 'other_labels', value: axis.labels },
    ],
    hconcat: panels,
    resolve: { scale: { color: 'independent' } },
    config: theme,
  } as unknown as VegaLiteSpec
}

/** One entry of a measure, (batch, heads, heads). */
function at(values: Tensor, item: number, a: number, b: number): number {
  const heads = values.shape[1]!
  return values.data[(item * heads + a) * heads + b]!
}
