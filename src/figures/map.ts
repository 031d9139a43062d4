import type { Presentation } from '../attention/presentation.ts'
import type { AttentionResult } from '../attention/result.ts'
import { rowIndex } from '../problem/visibility.ts'
import type { Visibility } from '../problem/visibility.ts'
import type { AttentionMaps } from '../tensor/attention-maps.ts'
import { cellStep, panelLayout, smallestCell } from './layout.ts'
import { heatmap, sequentialColour } from './heatmap.ts'
import { tokenLabel } from './labels.ts'
import { cellFormat, inWords, shortest } from './numbers.ts'
import { mapCells, planPooling, visibleCells } from './pooling.ts'
import type { MapCell, Pooling } from './pooling.ts'
import type { ResolvedSelection } from './selection.ts'
import type { VegaLiteSpec } from './spec.ts'
import { unbroken } from './text-width.ts'
import { cautionOf, headWords, poolingWords, positionWords, provenance, windowWords } from './words.ts'

/** The pooling of a map's figure. Throws `figure-too-large`. */
export function mapPooling(visibility: Visibility, { heads, item, rows, keys }: ResolvedSelection): Pooling {
  const room = Math.floor(panelLayout(heads.length).size / smallestCell)
  return planPooling({
    rows: rows[1] - rows[0] + 1,
    columns: keys[1] - keys[0] + 1,
    panels: heads.length,
    room: { rows: room, columns: room },
    visible: (pooling) => visibleCells(visibility, item ?? 0, heads[0]!, rows, keys, pooling),
  })
}

/** Weights: one heatmap a head, colours fixed to 0..1 so that figures can be laid beside each other. */
export function weightsFigure(
  result: AttentionResult,
  selection: ResolvedSelection,
  presentation: Presentation,
): VegaLiteSpec {
  const beforeDropout = result.source.drops ? ' before dropout' : ''
  return map(result, selection, presentation, {
    maps: result.output.weights!,
    field: 'weight',
    title: `Attention weights${beforeDropout}`,
    noun: 'attention weight',
    notes: [cautionOf(result.source)],
    domain: () => [0, 1],
  })
}

/** Scores: one heatmap a head, colours from the least to the greatest score shown. */
export function scoresFigure(
  result: AttentionResult,
  selection: ResolvedSelection,
  presentation: Presentation,
): VegaLiteSpec {
  return map(result, selection, presentation, {
    maps: result.output.scores!,
    field: 'score',
    title: 'Attention scores',
    noun: 'score',
    notes: [`${result.source.scoreWords}, before the softmax, which ignores what a whole row has in common.`],
    domain: (cells) => extent(cells),
  })
}

interface MapKind {
  readonly maps: AttentionMaps
  readonly field: string
  readonly title: string
  readonly noun: string
  readonly notes: readonly string[]
  readonly domain: (cells: readonly MapCell[]) => readonly [number, number]
}

function map(
  result: AttentionResult,
  selection: ResolvedSelection,
  { tokens, keyTokens }: Presentation,
  kind: MapKind,
): VegaLiteSpec {
  const { heads, rows, keys, item } = selection
  const { size, visibility } = result
  const pooling = mapPooling(visibility, selection)
  const layout = panelLayout(heads.length)
  const queryLabels = tokens?.map(tokenLabel) ?? null
  const keyLabels = keyTokens === tokens ? queryLabels : (keyTokens?.map(tokenLabel) ?? null)
  const byHead = heads.map((head) => mapCells(kind.maps, item!, head, rows, keys, pooling))
  const title = [
    kind.title,
    ...(size.heads > 1 ? [headWords(heads, size.heads)] : []),
    ...windowWords('queries', rows, size.queries),
    ...windowWords('keys', keys, size.keys),
    ...poolingWords(pooling),
  ]
    .map(unbroken)
    .join(', ')
  const domain = kind.domain(byHead.flat())
  return heatmap({
    title,
    subtitle: [provenance(result, item), ...kind.notes],
    description: `${title}. Heat map${heads.length > 1 ? 's, one a head' : ''}: each query, from top to bottom, over the keys it sees, from left to right; ${positionWords(size)}. ${strongest(visibility, item!, heads, byHead, kind.noun)}`,
    cells: byHead.flatMap((cells, at) =>
      cells.map(([query, key, value]) => ({ head: heads[at]!, query, key, [kind.field]: shortest(value) })),
    ),
    panel: { name: 'head', order: heads, columns: layout.columns },
    y: {
      name: 'query',
      first: rows[0],
      last: rows[1],
      factor: pooling.rowFactor,
      step: cellStep(layout.size, pooling.rowBlocks),
      labels: queryLabels,
    },
    x: {
      name: 'key',
      first: keys[0],
      last: keys[1],
      factor: pooling.columnFactor,
      step: cellStep(layout.size, pooling.columnBlocks),
      labels: keyLabels,
    },
    value: {
      name: kind.field,
      title: pooling.rowFactor * pooling.columnFactor > 1 ? `greatest ${kind.noun} of a block` : kind.noun,
      format: cellFormat(Math.max(Math.abs(domain[0]), Math.abs(domain[1]))),
    },
    colour: sequentialColour(domain),
  })
}

/** Least and greatest value, apart even when all are equal. */
function extent(cells: readonly MapCell[]): readonly [number, number] {
  let low = Infinity,
    high = -Infinity
  for (const [, , value] of cells) {
    if (!Number.isFinite(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  if (low > high) return [0, 1]
  return low < high ? [shortest(low)!, shortest(high)!] : [low - 0.5, high + 0.5]
}

/**
 * For the alternative text: where each head's greatest value lies, rows apart that see but one key and so give it all
 * (by the causal rule the first).
 */
function strongest(
  visibility: Visibility,
  item: number,
  heads: readonly number[],
  byHead: readonly (readonly MapCell[])[],
  noun: string,
): string {
  const where = visibility.kind === 'causal' ? ' after the first row' : ''
  return heads
    .slice(0, 4)
    .flatMap((head, at) => {
      const [first, ...rest] = byHead[at]!.filter(
        ([query]) => visibility.count[rowIndex(visibility, item, head, query)]! > 1,
      )
      if (first === undefined) return []
      const [query, key, value] = rest.reduce((best, cell) => (cell[2] > best[2] ? cell : best), first)
      return [`Head ${head}: greatest ${noun}${where} ${inWords(value)}, query ${query}, key ${key}.`]
    })
    .join(' ')
}
