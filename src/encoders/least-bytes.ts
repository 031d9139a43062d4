import type { Readable } from 'node:stream'
import type { Answer } from './answer.ts'

type SizedReadable = Readable & { readonly leastBytes: number }

/** A stream of bytes that says how many there are at least. */
export function withLeastBytes(stream: Readable, leastBytes: number): SizedReadable {
  return Object.assign(stream, { leastBytes })
}

/** How many bytes a stream has for certain; 0 of one that does not say. */
export const leastBytesOf = (stream: Readable): number => (stream as Partial<SizedReadable>).leastBytes ?? 0

/** How many numbers an answer's arrays have, which their shapes tell before any of them is written. */
export function numbersIn(answer: Answer): number {
  let count = 0
  for (const [, member] of answer) {
    if ('group' in member) count += numbersIn(member.group)
    else if ('array' in member) count += member.array.rowCount * member.array.shape.at(-1)!
  }
  return count
}
