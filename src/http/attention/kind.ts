import type { FastifySchema } from 'fastify'
import type { AttentionRequest } from '../../attention/request.ts'
import type { Query } from '../read/query-string.ts'

/** One kind of attention that can be asked for: its address below /attention, its documents, and how it is read. */
export interface AttentionKind {
  readonly kind: string
  readonly docs: { readonly post: FastifySchema; readonly get: FastifySchema }
  /** A body that its schema has passed. Throws a 400 that names the place. */
  read(body: unknown): AttentionRequest
  /** The same as a link. */
  readQuery(query: Query): AttentionRequest
}
