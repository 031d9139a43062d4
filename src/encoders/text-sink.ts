/** From this size on a piece is handed to the reader. */
const pieceSize = 256 * 1024

/** Text that is gathered into pieces of bytes. */
export class TextSink {
  #parts: string[] = []
  #length = 0

  /** Whether there is enough for a piece. */
  get full(): boolean {
    return this.#length >= pieceSize
  }

  text(text: string): void {
    this.#parts.push(text)
    this.#length += text.length
  }

  /** `count` times the same text. */
  repeat(text: string, count: number): void {
    this.text(text.repeat(count))
  }

  /** `count` numbers from `offset` on, comma-separated, each in the fewest digits that float32 reads back. */
  numbers(data: Float32Array, offset: number, count: number): void {
    const parts: string[] = []
    for (let i = offset; i < offset + count; i++) parts.push(shortest(data[i]!))
    this.text(parts.join())
  }

  /** What has been gathered since the last piece. */
  take(): Buffer {
    const piece = Buffer.from(this.#parts.join(''))
    this.#parts = []
    this.#length = 0
    return piece
  }
}

function shortest(value: number): string {
  if (!Number.isFinite(value)) return 'null'
  if (Object.is(value, -0)) return '-0'
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return String(Number(text))
  }
  return String(Number(value.toPrecision(9)))
}
