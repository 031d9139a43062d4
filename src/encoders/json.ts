import { Readable } from 'node:stream'
import type { TensorFormat } from '../attention/request.ts'
import type { AttentionResult } from '../attention/result.ts'
import { answerOf } from './answer.ts'
import type { Answer, Member } from './answer.ts'
import type { ArrayView } from './array-view.ts'
import { base64Chunks } from './base64.ts'
import { NumberSink } from './number-sink.ts'
import { writeFlat, writeNested } from './number-text.ts'

/**
 * A result as JSON. Numbers are printed straight from the engine's blocks, in pieces that follow the reader, so no
 * answer is ever one string. An answer that fits one piece is sent whole, with its length.
 */
export function encodeJson(result: AttentionResult): Buffer | Readable {
  const pieces = jsonPieces(answerOf(result), result.request.tensorFormat)
  const first = pieces.next().value as Buffer
  const second = pieces.next()
  if (second.done) return first
  return Readable.from(function* () {
    yield first
    yield second.value
    yield* pieces
  }(), { objectMode: false, highWaterMark: 1 })
}

function* jsonPieces(answer: Answer, format: TensorFormat): Generator<Buffer> {
  const sink = new NumberSink()
  yield* writeGroup(answer, format, sink)
  yield sink.take()
}

function* writeGroup(members: Answer, format: TensorFormat, sink: NumberSink): Generator<Buffer> {
  let separator = '{'
  for (const [name, member] of members) {
    sink.text(`${separator}${JSON.stringify(name)}:`)
    yield* writeMember(member, format, sink)
    separator = ','
  }
  sink.text('}')
}

function* writeMember(member: Member, format: TensorFormat, sink: NumberSink): Generator<Buffer> {
  if ('plain' in member) sink.text(JSON.stringify(member.plain))
  else if ('group' in member) yield* writeGroup(member.group, format, sink)
  else yield* writeArray(member.array, format, sink)
}

function* writeArray(array: ArrayView, format: TensorFormat, sink: NumberSink): Generator<Buffer> {
  if (format === 'nested') {
    yield* writeNested(array, sink)
  } else if (format === 'flat') {
    sink.text(`{"shape":${JSON.stringify(array.shape)},"data":[`)
    yield* writeFlat(array, sink)
    sink.text(']}')
  } else {
    sink.text(`{"shape":${JSON.stringify(array.shape)},"base64":"`)
    for (const piece of base64Chunks(array)) {
      sink.text(piece)
      if (sink.full) yield sink.take()
    }
    sink.text('"}')
  }
}
