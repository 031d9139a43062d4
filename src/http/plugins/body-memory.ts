import { Transform } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { MemoryLedger, Reservation } from '../../admission/memory-ledger.ts'

/** Smaller bodies are left out of the account. */
const smallBytes = 64 * 2 ** 10
/** What a body takes at its worst while it is read: its bytes, the same as text, and the values in it. */
const copies = 3

/**
 * Charges bodies that are parsed here to the memory of requests in flight before they are read: by Content-Length, or
 * as they come where that says nothing of the decoded size. Given back when the answer is out.
 */
export function chargeBodies(app: FastifyInstance, memory: MemoryLedger): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    const { headers } = request
    const known = headers['content-length']
    if (known === undefined && headers['transfer-encoding'] === undefined && payload === request.raw)
      return done(null, payload)
    if (known !== undefined && payload === request.raw) {
      if (Number(known) <= smallBytes || Number(known) > request.routeOptions.bodyLimit) return done(null, payload)
      try {
        const reservation = memory.reserve(Number(known) * copies)
        reply.raw.once('close', () => reservation.release())
      } catch (error) {
        return done(error as Error)
      }
      return done(null, payload)
    }
    const reservations: Reservation[] = []
    reply.raw.once('close', () => {
      for (const reservation of reservations) reservation.release()
    })
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        try {
          reservations.push(memory.reserve(chunk.length * copies))
          next(null, chunk)
        } catch (error) {
          next(error as Error)
        }
      },
    })
    payload.once('error', (error) => counted.destroy(error))
    done(null, payload.pipe(counted))
  })
}
