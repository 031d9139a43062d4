import * as kernels from '../kernels/kernels.ts'

/** From this size on the bytes are handed to the reader. */
const pieceSize = 256 * 1024

/** Enough for a small answer without a second allocation. */
const firstBlock = 32 * 1024

/**
 * Text and numbers gathered into pieces of bytes. Whoever writes asks now and then
 * whether it is full, and hands on what there is: a piece's bytes are never written
 * again.
 */
export class NumberSink {
  #block = Buffer.alloc(0)
  #length = 0
  /** The next block's size: what the pieces so far have needed. */
  #size = firstBlock

  /** Whether there is enough for a piece. */
  get full(): boolean {
    return this.#length >= pieceSize
  }

  /** How many bytes have been gathered since the last piece. */
  get length(): number {
    return this.#length
  }

  text(text: string): void {
    this.#reserve(Buffer.byteLength(text))
    this.#length += this.#block.write(text, this.#length)
  }

  /** The first `count` bytes of what the kernels have left as text. */
  kernelText(count: number): void {
    this.#reserve(count)
    kernels.text.copy(this.#block, this.#length, 0, count)
    this.#length += count
  }

  /** What has been gathered since the last piece. */
  take(): Buffer {
    const piece = this.#block.subarray(0, this.#length)
    this.#block = Buffer.alloc(0)
    this.#length = 0
    return piece
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#block.length) return
    while (this.#size < needed) this.#size *= 4
    const block = Buffer.allocUnsafeSlow(this.#size)
    this.#block.copy(block, 0, 0, this.#length)
    this.#block = block
  }
}
