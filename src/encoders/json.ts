import { Readable } from 'node:stream'
import type { Presentation, TensorFormat } from '../attention/presentation.ts'
import type { AttentionResult } from '../attention/result.ts'
import { answerOf } from './answer.ts'
import type { Answer, Member } from './answer.ts'
import type { ArrayView } from './array-view.ts'
import { base64Text } from './base64.ts'
import { numbersIn, withLeastBytes } from './least-bytes.ts'
import { NumberSink, pieceSize } from './number-sink.ts'
import { flatRuns, nestedRuns } from './number-text.ts'
import { pieces, writePart } from './pieces.ts'
import type { Part } from './pieces.ts'
import { textThreads } from './text-threads.ts'

/** A digit and a comma, or four bytes in base64. */
const leastBytesPerNumber: Readonly<Record<TensorFormat, number>> = { nested: 2, flat: 2, base64: 16 / 3 }

/**
 * A result as JSON. Numbers are printed straight from the engine's blocks, in pieces that follow the reader, so no
 * answer is ever one string. An answer that fits one piece is sent whole, with its length; one that cannot is not begun
 * before it is read. The memory of a piece that has been written out may be given back (blocks.ts).
 */
export function encodeJson(result: AttentionResult, presentation: Presentation): Buffer | Readable {
  const answer = answerOf(result, presentation)
  const { tensorFormat } = presentation
  const parts = jsonParts(answer, tensorFormat)
  const sink = new NumberSink()
  const leastBytes = numbersIn(answer) * leastBytesPerNumber[tensorFormat]
  while (leastBytes < pieceSize && !sink.full) {
    const { done, value: part } = parts.next()
    if (done) return sink.take()
    writePart(part, sink)
  }
  return withLeastBytes(Readable.from(pieces(parts, sink, textThreads()), { highWaterMark: 1 }), leastBytes)
}

/** An object's members as text and runs of numbers, in their order. */
export function* jsonParts(members: Answer, format: TensorFormat): Generator<Part> {
  let separator = '{'
  for (const [name, member] of members) {
    yield `${separator}${JSON.stringify(name)}:`
    yield* memberParts(member, format)
    separator = ','
  }
  yield '}'
}

function* memberParts(member: Member, format: TensorFormat): Generator<Part> {
  if ('plain' in member) yield JSON.stringify(member.plain)
  else if ('group' in member) yield* jsonParts(member.group, format)
  else yield* arrayParts(member.array, format)
}

function* arrayParts(array: ArrayView, format: TensorFormat): Generator<Part> {
  if (format === 'nested') {
    yield* nestedRuns(array)
  } else if (format === 'flat') {
    yield `{"shape":${JSON.stringify(array.shape)},"data":[`
    yield* flatRuns(array)
    yield ']}'
  } else {
    yield `{"shape":${JSON.stringify(array.shape)},"base64":"`
    yield* base64Text(array)
    yield '"}'
  }
}
