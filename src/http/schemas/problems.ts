import { Type } from '@sinclair/typebox'
import { catalogue } from '../../errors.ts'
import type { ErrorCode } from '../../errors.ts'

const codes = Object.keys(catalogue) as ErrorCode[]

/** RFC 9457 problem document; `code` is stable. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: '/problems/<code>' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.Union(codes.map((code) => Type.Literal(code))),
    detail: Type.String(),
    instance: Type.String({ description: 'The id of the request.' }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String({ description: 'JSON pointer into the body, or /name of a query parameter.' }),
          message: Type.String(),
        }),
      ),
    ),
    line: Type.Optional(Type.Integer({ description: 'Where a body stops being JSON, from 1.' })),
    column: Type.Optional(Type.Integer({ description: 'The character of that line, from 1.' })),
    estimated_bytes: Type.Optional(Type.Number()),
    limit_bytes: Type.Optional(Type.Number()),
    estimated_work: Type.Optional(Type.Number()),
    limit_work: Type.Optional(Type.Number()),
  },
  { title: 'Problem' },
)

/** What openapi.yaml says of a route's errors: each status with the codes that can come with it. */
export function problemResponses(...statuses: number[]): Record<number, unknown> {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: codes
          .filter((code) => catalogue[code].status === status)
          .map((code) => `${code}: ${catalogue[code].title}`)
          .join('; '),
        content: { 'application/problem+json': { schema: Problem } },
      },
    ]),
  )
}
