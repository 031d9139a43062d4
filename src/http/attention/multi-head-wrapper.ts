import { Type } from '@sinclair/typebox'
import { maxLength } from '../schemas/common.ts'
import { whole } from './answers.ts'
import { AttentionAnswer, bodyOf, description, length, link, queryOf, readClass } from './chapter-3.ts'
import { attentionKind } from './kind.ts'

/** Independent causal heads side by side. */
export const multiHeadWrapper = attentionKind({
  kind: 'multi-head-wrapper',
  operation: 'MultiHeadWrapperAttention',
  summaries: {
    post: 'Compute independent heads side by side (MultiHeadAttentionWrapper)',
    get: 'Compute independent heads side by side (MultiHeadAttentionWrapper), as a link',
  },
  description,
  body: bodyOf(
    {
      d_out: length('Width of the output of one head.'),
      num_heads: length('Number of heads.'),
      out_proj: Type.Optional(
        Type.Boolean({ default: true, description: 'Whether an output projection follows the heads.' }),
      ),
    },
    'MultiHeadWrapperRequest',
  ),
  answer: AttentionAnswer,
  query: queryOf({ num_heads: whole(1, maxLength, 'Number of heads.') }, { out_proj: Type.Optional(Type.Boolean()) }),
  link,
  read: (body) =>
    readClass(body, {
      kind: 'multi-head-wrapper',
      numHeads: body.model.num_heads,
      outProj: body.model.out_proj ?? true,
    }),
})
