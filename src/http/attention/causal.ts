import { AttentionAnswer, bodyOf, description, length, link, queryOf, readClass } from './chapter-3.ts'
import { attentionKind } from './kind.ts'

/** One causal head. */
export const causal = attentionKind({
  kind: 'causal',
  operation: 'CausalAttention',
  summaries: {
    post: 'Compute one causal head (CausalSelfAttention)',
    get: 'Compute one causal head (CausalSelfAttention), as a link',
  },
  description,
  body: bodyOf({ d_out: length('Width of the output.') }, 'CausalAttentionRequest'),
  answer: AttentionAnswer,
  query: queryOf({}),
  link,
  read: (body) => readClass(body, { kind: 'causal', numHeads: 1, outProj: false }),
})
