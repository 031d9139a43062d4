import * as kernels from '../kernels/kernels.ts'
import { giveBack, lendBlock, textBytes } from './blocks.ts'

/** From this size on the bytes are handed to the reader. */
export const pieceSize = 256 * 1024

/** Up to so many characters of text are gathered before they are written. */
const gatheredText = 1024

/** What an answer that needs no whole block gets: enough for a small one without a second allocation. */
const firstSizes = [32 * 1024, 128 * 1024]

/**
 * Text and numbers gathered into pieces of bytes. Whoever writes asks now and then whether it is full, and hands on
 * what there is: a piece's bytes are not written again before it is given back (blocks.ts).
 */
export class NumberSink {
  #bytes: Buffer
  #length = 0
  #sizes = firstSizes
  /** Text that is not among the bytes yet: writing a string costs more than adding to one. */
  #text = ''

  /** @param block memory of the first piece */
  constructor(block?: ArrayBuffer) {
    this.#bytes = block === undefined ? Buffer.alloc(0) : Buffer.from(block, 0, textBytes)
  }

  /** Whether there is enough for a piece. */
  get full(): boolean {
    return this.length >= pieceSize
  }

  /** How many bytes have been gathered since the last piece. */
  get length(): number {
    return this.#length + this.#text.length
  }

  text(text: string): void {
    this.#text += text
    if (this.#text.length > gatheredText) this.#writeText()
  }

  /** The first `count` bytes of what the kernels have left as text. */
  kernelText(count: number): void {
    if (this.#text !== '') this.#writeText()
    this.#reserve(count)
    kernels.text.copy(this.#bytes, this.#length, 0, count)
    this.#length += count
  }

  /** What has been gathered since the last piece. */
  take(): Buffer {
    if (this.#text !== '') this.#writeText()
    const piece = this.#bytes.subarray(0, this.#length)
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
    if (piece.length > firstSizes[0]!) this.#sizes = []
    return piece
  }

  #writeText(): void {
    this.#reserve(Buffer.byteLength(this.#text))
    this.#length += this.#bytes.write(this.#text, this.#length)
    this.#text = ''
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const before = this.#bytes
    this.#bytes = this.#memoryFor(needed)
    before.copy(this.#bytes, 0, 0, this.#length)
    giveBack(before)
  }

  #memoryFor(count: number): Buffer {
    const size = this.#sizes.find((size) => count <= size)
    if (size !== undefined) return Buffer.allocUnsafeSlow(size)
    if (count <= textBytes) return Buffer.from(lendBlock(), 0, textBytes)
    return Buffer.allocUnsafeSlow(2 * count)
  }
}
