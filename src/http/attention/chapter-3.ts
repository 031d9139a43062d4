import { modelKinds } from '../../sources/chapter-3/spec.ts'
import { readAttentionQuery } from '../read/attention-query.ts'
import { readAttentionRequest } from '../read/attention-request.ts'
import { attentionRouteDocs } from '../schemas/attention-docs.ts'
import type { AttentionBody } from '../schemas/attention.ts'
import type { AttentionKind } from './kind.ts'

/** The three classes of chapter 3. */
export const chapter3Kinds: readonly AttentionKind[] = modelKinds.map((kind) => ({
  kind,
  docs: attentionRouteDocs[kind],
  read: (body) => readAttentionRequest(kind, body as AttentionBody),
  readQuery: (query) => readAttentionQuery(kind, query),
}))
