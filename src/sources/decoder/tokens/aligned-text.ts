/**
 * A text on its way through a tokenizer: what it has become, and which part of the original each piece of it came
 * from. Indices into `text` are UTF-16 units; origins are code points of the original, from and not including the end.
 */
export class AlignedText {
  readonly text: string
  readonly #starts: Int32Array
  readonly #ends: Int32Array

  private constructor(text: string, starts: Int32Array, ends: Int32Array) {
    this.text = text
    this.#starts = starts
    this.#ends = ends
  }

  /** A text as it was given. */
  static of(text: string): AlignedText {
    const starts = new Int32Array(text.length)
    let point = 0
    let at = 0
    for (const character of text) {
      starts.fill(point++, at, at + character.length)
      at += character.length
    }
    return new AlignedText(
      text,
      starts,
      starts.map((start) => start + 1),
    )
  }

  /** Pieces one after the other, each as a whole from one part of the original. */
  static from(pieces: readonly { readonly text: string; readonly origin: Origin }[]): AlignedText {
    const text = pieces.map((piece) => piece.text).join('')
    const starts = new Int32Array(text.length)
    const ends = new Int32Array(text.length)
    let at = 0
    for (const { text, origin } of pieces) {
      starts.fill(origin[0], at, at + text.length)
      ends.fill(origin[1], at, at + text.length)
      at += text.length
    }
    return new AlignedText(text, starts, ends)
  }

  get length(): number {
    return this.text.length
  }

  slice(from: number, to: number): AlignedText {
    return new AlignedText(this.text.slice(from, to), this.#starts.subarray(from, to), this.#ends.subarray(from, to))
  }

  /** What the units from `from` to `to` came from; at least one. */
  origin(from: number, to: number): Origin {
    return [this.#starts[from]!, this.#ends[to - 1]!]
  }

  /** Its characters (code points), each with its origin. */
  *characters(): Generator<{ readonly text: string; readonly origin: Origin }> {
    let at = 0
    for (const text of this.text) {
      yield { text, origin: this.origin(at, at + text.length) }
      at += text.length
    }
  }

  /** Each character becomes what `change` makes of it, all of it from where the character came from. */
  map(change: (character: string) => string): AlignedText {
    return AlignedText.from([...this.characters()].map(({ text, origin }) => ({ text: change(text), origin })))
  }

  /** As the Python library prepends: what is put before the first character has the first character's origin. */
  prepend(text: string): AlignedText {
    if (this.length === 0) return this
    const [first] = this.characters()
    return AlignedText.from([{ text, origin: first!.origin }, ...this.characters()])
  }
}

/** Code points of the original, from and not including the end. */
export type Origin = readonly [number, number]
