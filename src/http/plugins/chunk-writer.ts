import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { giveBack } from '../../encoders/blocks.ts'

/** What is made of a body while the connection for it is on its way. */
const aheadBytes = 2 * 2 ** 20

/**
 * Writes a body to a connection that comes later, as HTTP/1.1 chunks (RFC 9112, section 7.1), all but the last, empty
 * one. Before it is there a part of the body is held; behind it the body follows the reader's pace.
 */
export class ChunkWriter {
  readonly held: Buffer[] = []
  heldBytes = 0
  #socket: Socket | null = null
  readonly #connected = Promise.withResolvers<Socket>()
  #written: Promise<void> = Promise.resolve()

  /** Holds a piece for the connection that is yet to come. */
  hold(piece: Buffer): void {
    this.held.push(piece)
    this.heldBytes += piece.length
  }

  connect(socket: Socket): void {
    this.#socket = socket
    for (const piece of this.held.splice(0)) this.#write(socket, piece)
    this.#connected.resolve(socket)
  }

  /** Writes all of it. Rejects when the pieces fail or the reader left. */
  async write(pieces: AsyncIterator<Buffer>): Promise<void> {
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
      if (this.#socket !== null) this.#write(this.#socket, next.value)
      else this.hold(next.value)
      await this.#ready()
    }
    await this.#connected.promise
    await this.#written
  }

  /** Until the next piece may come. */
  async #ready(): Promise<void> {
    if (this.#socket === null && this.heldBytes < aheadBytes)
      await setImmediate() // lets the connection in
    else if ((await this.#connected.promise).writableNeedDrain) await this.#written
  }

  #write(socket: Socket, piece: Buffer): void {
    if (piece.length === 0) return // would end the body
    this.#written = writeChunk(socket, piece)
    this.#written.catch(() => {}) // may be awaited only later
  }
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
