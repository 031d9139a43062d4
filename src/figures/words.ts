import type { ProblemSize } from '../problem/size.ts'
import type { SourceDescription } from '../sources/source.ts'
import type { Pooling } from './pooling.ts'
import type { Range } from '../attention/presentation.ts'
import { unbroken } from './text-width.ts'

/** Printed with everything that could be read as more than it is (Jain and Wallace 2019, Wiegreffe and Pinter 2019). */
export const caution = 'Untrained weights show initialisation, not learning; attention is not explanation.'

/** The same of a source, in the words that fit it. */
export function cautionOf({ untrained }: SourceDescription): string {
  return untrained ? caution : 'Attention is not explanation.'
}

/** What was computed, in one line: the source, its positions, which item. Item null is the batch's average. */
export function provenance(
  { source, size }: { readonly source: SourceDescription; readonly size: ProblemSize },
  item: number | null,
): string {
  return [
    ...source.words,
    positionWords(size),
    item === null ? `average over ${count(size.batch, 'item')}` : `item ${item} of ${size.batch}`,
    ...source.modeWords,
  ]
    .map(unbroken)
    .join('\u00a0\u00b7 ')
}

/** `8 positions`, or `1 query, 100 keys` where they differ. */
export function positionWords({ queries, keys }: Pick<ProblemSize, 'queries' | 'keys'>): string {
  if (queries === keys) return count(queries, 'position')
  return `${queries === 1 ? '1 query' : `${queries} queries`}, ${count(keys, 'key')}`
}

/** What of the sequence is shown, if not all of it; empty otherwise. */
export function windowWords(name: string, range: Range, length: number): string[] {
  return range[0] === 0 && range[1] === length - 1 ? [] : [`${name} ${range[0]}\u2013${range[1]} of ${length}`]
}

/** How cells were gathered, if they were; empty otherwise. */
export function poolingWords({ rowFactor, columnFactor }: Pooling, by = ''): string[] {
  return rowFactor === 1 && columnFactor === 1 ? [] : [`max-pooled ${rowFactor} \u00d7 ${columnFactor}${by}`]
}

export function count(n: number, noun: string): string {
  return n === 1 ? `1 ${noun}` : `${n} ${noun}s`
}

/** `heads 0, 2 of 12`, or `12 heads` where all are shown. */
export function headWords(heads: readonly number[], of: number): string {
  if (heads.length === of) return count(of, 'head')
  return `${heads.length === 1 ? 'head' : 'heads'} ${heads.length > 8 ? `${heads.slice(0, 7).join(', ')}, ...` : heads.join(', ')} of ${of}`
}
