import { invalid } from '../../errors.ts'
import { maxLength } from '../schemas/common.ts'
import { whole } from './answers.ts'
import { AttentionAnswer, bodyOf, description, length, link, queryOf, readClass } from './chapter-3.ts'
import { attentionKind } from './kind.ts'

/** Heads that share their projections. */
export const multiHead = attentionKind({
  kind: 'multi-head',
  operation: 'MultiHeadAttention',
  summaries: {
    post: 'Compute heads that share their projections (MultiHeadAttention)',
    get: 'Compute heads that share their projections (MultiHeadAttention), as a link',
  },
  description,
  body: bodyOf(
    {
      d_out: length('Width of the output of all heads together; a multiple of num_heads.'),
      num_heads: length('Number of heads.'),
    },
    'MultiHeadRequest',
  ),
  answer: AttentionAnswer,
  query: queryOf({ num_heads: whole(1, maxLength, 'Number of heads.') }),
  link,
  read(body) {
    const { d_out: dOut, num_heads: numHeads } = body.model
    if (dOut % numHeads !== 0) throw invalid('/model/d_out', `must be a multiple of num_heads (${numHeads})`)
    return readClass(body, { kind: 'multi-head', numHeads, outProj: true })
  },
})
