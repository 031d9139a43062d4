import { Type } from '@sinclair/typebox'
import type { Static, TSchema } from '@sinclair/typebox'
import type { FastifySchema } from 'fastify'
import type { AttentionRequest } from '../../attention/request.ts'
import { readLink } from '../read/link.ts'
import type { QueryForm } from '../read/link.ts'
import type { Query } from '../read/query-string.ts'
import { problemResponses } from '../schemas/problems.ts'
import { validateBody } from '../schemas/validate.ts'
import { answersOf, presentation } from './answers.ts'

/** One kind of attention that can be asked for: its address below /attention, its documents, and how it is read. */
export interface AttentionKind {
  readonly kind: string
  readonly docs: { readonly post: FastifySchema; readonly get: FastifySchema }
  /** A body that its schema has passed. Throws a 400 that names the place. */
  read(body: unknown): AttentionRequest
  /** The same as a link. */
  readQuery(query: Query): AttentionRequest
}

/** What a file of a kind says of it; its types follow from the schema of its body. */
interface KindOfAttention<Body extends TSchema> {
  readonly kind: string
  /** In the documents: operation ids are post and get of it, and summaries what is computed. */
  readonly operation: string
  readonly summaries: { readonly post: string; readonly get: string }
  readonly description: string
  readonly body: Body
  readonly answer: TSchema
  /** Query parameters of the link, those of the presentation apart. */
  readonly query: Readonly<Record<string, TSchema>>
  readonly link: QueryForm
  /** Throws a 400 that names the place. */
  read(body: Static<Body>): AttentionRequest
}

/** A kind of attention as the routes and the documents need it. */
export function attentionKind<Body extends TSchema>(of: KindOfAttention<Body>): AttentionKind {
  const { kind, operation, summaries, description, body: Body, link } = of
  const common = { tags: ['attention'], description }
  const answers = answersOf(of.answer)
  const post = {
    ...common,
    operationId: `post${operation}`,
    summary: summaries.post,
    querystring: Type.Object(presentation, { additionalProperties: false }),
    body: Body,
    response: { ...answers, ...problemResponses(400, 406, 413, 415, 429, 500, 503, 504) },
  }
  const get = {
    ...common,
    operationId: `get${operation}`,
    summary: summaries.get,
    querystring: Type.Object({ ...of.query, ...presentation }, { additionalProperties: false }),
    response: {
      ...answers,
      304: { description: 'The same as what the client has.', type: 'null' },
      ...problemResponses(400, 406, 413, 429, 500, 503, 504),
    },
  }
  return {
    kind,
    docs: { post, get } as AttentionKind['docs'],
    read: (body) => of.read(body as Static<Body>), // Fastify has held it against the schema
    readQuery: (query) =>
      readLink(query, link, (body: unknown) => {
        validateBody(Body, body)
        return of.read(body)
      }),
  }
}
