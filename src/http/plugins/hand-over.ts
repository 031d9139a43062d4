import { Socket } from 'node:net'
import type { SocketConstructorOpts } from 'node:net'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { leastBytesOf } from '../../encoders/least-bytes.ts'
import type { AppPart } from '../app.ts'
import { acceptHeader, holdLimitBytes, offerHeader } from '../hand-over.ts'
import { ChunkWriter } from './chunk-writer.ts'
import { watchReader } from './slow-clients.ts'

/**
 * Streamed answers that a worker writes to its gateway's clients itself, which spares copying them twice. Towards the
 * gateway such an answer is a head and then nothing: it ends when the client's connection has taken the whole body, and
 * breaks off when that fails, so that memory, deadlines, retries and cut answers are what they are for any other.
 */
export class HandOvers {
  readonly #waiting = new Map<string, (socket: Socket) => void>()
  #nextId = 0

  readonly part: AppPart = (app) => {
    app.addHook('onSend', (request, reply, payload, done) => {
      if (!(payload instanceof Readable) || request.headers[offerHeader] === undefined) return done(null, payload)
      this.#answer(payload, reply).then((answer) => done(null, answer), done)
    })
  }

  /** The handle of a client's connection, for the body of this number. The gateway goes on reading from it. */
  lend(id: string, handle: unknown): void {
    const socket = new Socket({ handle, readable: false, writable: true } as SocketConstructorOpts)
    socket.on('error', () => {}) // its close is what counts
    const write = this.#waiting.get(id)
    if (write === undefined)
      socket.destroy() // nobody waits for the answer any more
    else write(socket)
  }

  /** The answer as it is, if it is short; or what the gateway gets of one that is handed over. */
  async #answer(body: Readable, reply: FastifyReply): Promise<Buffer | Readable> {
    const pieces = body.iterator() as AsyncIterator<Buffer>
    const writer = new ChunkWriter()
    while (leastBytesOf(body) <= holdLimitBytes && writer.heldBytes <= holdLimitBytes) {
      const { done, value } = await pieces.next()
      if (done) return Buffer.concat(writer.held)
      writer.hold(value)
    }
    const id = String(this.#nextId++)
    reply.header(acceptHeader, id)
    let lent: Socket | null = null
    const silence = new Readable({
      read() {
        reply.raw.flushHeaders()
        writer.write(pieces).then(
          () => {
            lent!.destroy() // this end of it; before the gateway hears that it may write again
            silence.push(null)
          },
          (error: Error) => silence.destroy(error),
        )
      },
    })
    this.#waiting.set(id, (socket) => {
      this.#waiting.delete(id)
      lent = socket
      watchReader(reply.raw, socket)
      writer.connect(socket)
    })
    silence.once('close', () => {
      this.#waiting.delete(id)
      lent?.destroy()
      body.destroy()
    })
    return silence
  }
}
