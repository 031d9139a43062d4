/**
 * The load generator, a process of its own: keeps `connections` requests in flight until `seconds` have passed and
 * `least` answers have come, and reports each answer's latency. Started by `generator.ts`, spoken to over IPC.
 */
import { Connection, encodeRequest, FRESH, type HttpRequest } from './http-client.ts'

export interface LoadOrder {
  readonly port: number
  /** Requests that each connection sends in turn, each beginning with another one. */
  readonly requests: readonly HttpRequest[]
  readonly connections: number
  readonly seconds: number
  readonly least: number
}

/** latencies in milliseconds; seconds from the first request to the last answer. */
export interface LoadReport {
  readonly latencies: readonly number[]
  readonly seconds: number
  readonly bytes: number
}

let sent = 0

/** The bytes of the next request: the same ones, or with the next numbers where the body says FRESH. */
function nextOf(request: HttpRequest): () => Buffer {
  const encoded = encodeRequest(request)
  const places: number[] = []
  for (let at = encoded.indexOf(String(FRESH)); at >= 0; at = encoded.indexOf(String(FRESH), at + 1)) places.push(at)
  if (places.length === 0) return () => encoded
  return () => {
    const next = Buffer.from(encoded)
    for (const at of places) next.write(String(FRESH + ++sent), at)
    return next
  }
}

export async function load(order: LoadOrder): Promise<LoadReport> {
  const next = order.requests.map(nextOf)
  const latencies: number[] = []
  let bytes = 0
  const start = performance.now()
  const until = start + order.seconds * 1000
  await Promise.all(
    Array.from({ length: order.connections }, async (_, place) => {
      const connection = new Connection(order.port)
      let turn = place
      while (performance.now() < until || latencies.length < order.least) {
        const before = performance.now()
        const response = await connection.exchange(next[turn++ % next.length]!())
        if (response.status !== 200) throw new Error(`status ${response.status} under load`)
        latencies.push(performance.now() - before)
        bytes = response.bytes
      }
      connection.close()
    }),
  )
  return { latencies, seconds: (performance.now() - start) / 1000, bytes }
}

if (process.send !== undefined) {
  process.on('message', (order: LoadOrder) => {
    load(order).then(
      (report) => process.send!({ report }),
      (error: Error) => process.send!({ error: error.message }),
    )
  })
  process.on('disconnect', () => process.exit())
}
