import { Socket } from 'node:net'
import type { SocketConstructorOpts } from 'node:net'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { giveBack } from '../../encoders/blocks.ts'
import type { AppPart } from '../app.ts'
import { acceptHeader, holdLimitBytes, offerHeader } from '../hand-over.ts'
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
    if (write === undefined) socket.destroy() // nobody waits for the answer any more
    else write(socket)
  }

  /** The answer as it is, if it is short; or what the gateway gets of one that is handed over. */
  async #answer(body: Readable, reply: FastifyReply): Promise<Buffer | Readable> {
    const pieces = body.iterator() as AsyncIterator<Buffer>
    const held: Buffer[] = []
    for (let bytes = 0; bytes <= holdLimitBytes;) {
      const { done, value } = await pieces.next()
      if (done) return Buffer.concat(held)
      held.push(value)
      bytes += value.length
    }
    const id = String(this.#nextId++)
    reply.header(acceptHeader, id)
    const silence = new Readable({ read: () => reply.raw.flushHeaders() })
    this.#waiting.set(id, (socket) => {
      this.#waiting.delete(id)
      watchReader(reply.raw, socket)
      silence.once('close', () => socket.destroy())
      writeChunks(socket, held, pieces).then(() => {
        socket.destroy() // this end of it; before the gateway hears that it may write again
        silence.push(null)
      }, (error: Error) => silence.destroy(error))
    })
    silence.once('close', () => {
      this.#waiting.delete(id)
      body.destroy()
    })
    return silence
  }
}

/** Writes a body as HTTP/1.1 chunks (RFC 9112, section 7.1), all but the last, empty one; at the reader's pace. */
async function writeChunks(socket: Socket, first: Buffer[], rest: AsyncIterator<Buffer>): Promise<void> {
  let written: Promise<void> = Promise.resolve()
  const write = async (piece: Buffer): Promise<void> => {
    if (piece.length === 0) return // would end the body
    written = writeChunk(socket, piece)
    written.catch(() => {}) // may be awaited only later
    if (socket.writableNeedDrain) await written
  }
  for (const piece of first.splice(0)) await write(piece)
  for (let next = await rest.next(); !next.done; next = await rest.next()) await write(next.value)
  await written
}

/** Resolves when the chunk has left this process; rejects when the client left. */
function writeChunk(socket: Socket, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.cork()
    socket.write(`${piece.length.toString(16)}\r\n`)
    socket.write(piece, () => giveBack(piece))
    socket.write('\r\n', (error) => {
      if (error) reject(error)
      else resolve()
    })
    socket.uncork()
  })
}
