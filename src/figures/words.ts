import { inputShape } from '../attention/request.ts'
import type { AttentionRequest } from '../attention/request.ts'
import { headDim } from '../sources/chapter-3/spec.ts'
import type { Pooling } from './pooling.ts'
import type { Range } from './selection.ts'
import { unbroken } from './text-width.ts'

/** Printed with everything that could be read as more than it is (Jain and Wallace 2019, Wiegreffe and Pinter 2019). */
export const caution = 'Untrained weights show initialisation, not learning; attention is not explanation.'

/** What was computed, in one line: the model, whose parameters, which item. Item null is the batch's average. */
export function provenance(request: AttentionRequest, item: number | null): string {
  const { spec, mode, parameters } = request
  const [batch, seqLen] = inputShape(request)
  const heads = spec.kind === 'causal' ? '' : `, ${count(spec.numHeads, 'head')} of dimension ${headDim(spec)}`
  return [
    `${spec.kind}${heads}`,
    `d_in ${spec.dIn}, d_out ${spec.dOut}, qkv_bias ${spec.qkvBias}`,
    'seed' in parameters ? `seed ${parameters.seed}` : 'given parameters',
    count(seqLen, 'position'),
    item === null ? `average over ${count(batch, 'item')}` : `item ${item} of ${batch}`,
    ...(mode === 'train' ? ['train mode'] : []),
  ]
    .map(unbroken)
    .join('\u00a0\u00b7 ')
}

/** What of the sequence is shown, if not all of it; empty otherwise. */
export function windowWords(name: string, range: Range, seqLen: number): string[] {
  return range[0] === 0 && range[1] === seqLen - 1 ? [] : [`${name} ${range[0]}\u2013${range[1]} of ${seqLen}`]
}

/** How cells were gathered, if they were; empty otherwise. */
export function poolingWords({ rowFactor, columnFactor }: Pooling, by = ''): string[] {
  return rowFactor === 1 && columnFactor === 1 ? [] : [`max-pooled ${rowFactor} \u00d7 ${columnFactor}${by}`]
}

export function count(n: number, noun: string): string {
  return n === 1 ? `1 ${noun}` : `${n} ${noun}s`
}

/** `heads 0, 2 of 12`, or `12 heads` where all are shown. */
export function headWords(heads: readonly number[], numHeads: number): string {
  if (heads.length === numHeads) return count(numHeads, 'head')
  return `${heads.length === 1 ? 'head' : 'heads'} ${heads.length > 8 ? `${heads.slice(0, 7).join(', ')}, ...` : heads.join(', ')} of ${numHeads}`
}
