import { setImmediate } from 'node:timers/promises'
import { giveBack } from './blocks.ts'
import type { NumberSink } from './number-sink.ts'
import { writeRun } from './number-text.ts'
import type { Run } from './number-text.ts'
import type { TextThreads } from './text-threads.ts'

/** An answer in its order: text, and rows of numbers that are yet to become text. */
export type Part = string | Run

export function writePart(part: Part, sink: NumberSink): void {
  if (typeof part === 'string') sink.text(part)
  else writeRun(part, sink)
}

/** A piece that is made elsewhere. */
class Elsewhere {
  bytes: Buffer | null = null
  readonly arrived: Promise<void>

  constructor(bytes: Promise<Buffer>) {
    this.arrived = bytes.then((bytes) => {
      this.bytes = bytes
    })
    this.arrived.catch(() => {}) // heard where it is waited for, if it still is
  }
}

/**
 * Parts as pieces of bytes, what `sink` holds first. Threads that are free write large runs ahead, a few pieces of
 * them, and this thread writes what they have not begun; it waits for them only when so much lies ahead already. It
 * stops when nobody asks for the next piece.
 */
export async function* pieces(parts: Iterator<Part>, sink: NumberSink, threads: TextThreads): AsyncGenerator<Buffer> {
  const most = 3 * threads.limit + 3
  const ahead: (Buffer | Elsewhere)[] = []
  let over = false
  const flush = (): void => {
    if (sink.length > 0) ahead.push(sink.take())
  }
  const advance = (): void => {
    const { done, value: part } = parts.next()
    if (done) {
      over = true
      flush()
      return
    }
    const large = typeof part !== 'string' && part.large
    if (large) flush()
    if (large && threads.free) return void ahead.push(new Elsewhere(threads.write(part)))
    writePart(part, sink)
    if (sink.full) flush()
  }
  try {
    if (sink.full) flush()
    for (;;) {
      while (!over && ahead.length < most && threads.free) advance()
      const first = ahead[0]
      const bytes = first instanceof Elsewhere ? first.bytes : first
      if (bytes) {
        ahead.shift()
        yield bytes
      } else if (!over && ahead.length < most) {
        advance()
        if (first !== undefined) await setImmediate() // lets the threads' answers in
      } else if (first instanceof Elsewhere) {
        await first.arrived
      } else {
        return
      }
    }
  } finally {
    for (const piece of ahead) {
      if (piece instanceof Elsewhere)
        void piece.arrived.then(
          () => giveBack(piece.bytes!),
          () => {},
        )
      else giveBack(piece)
    }
  }
}
