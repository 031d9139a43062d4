import { Type } from '@sinclair/typebox'
import type { AppPart } from '../app.ts'

/** GET /metrics: the text that `read` makes, for Prometheus. */
export function metricsRoute(read: () => Promise<string>): AppPart {
  return (app) => {
    app.get(
      '/metrics',
      {
        schema: {
          tags: ['service'],
          operationId: 'getMetrics',
          summary: 'Counters and timings for Prometheus',
          response: {
            200: {
              description: 'Text of the Prometheus exposition format.',
              content: { 'text/plain': { schema: Type.String() } },
            },
          },
        },
      },
      async (_request, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(Buffer.from(await read())),
    )
  }
}
