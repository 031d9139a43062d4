import { Readable } from 'node:stream'
import type { TensorFormat } from '../attention/request.ts'
import type { AttentionResult } from '../attention/result.ts'
import { answerOf } from './answer.ts'
import type { Answer, Member } from './answer.ts'
import type { ArrayView } from './array-view.ts'
import { base64Chunks } from './base64.ts'
import { TextSink } from './text-sink.ts'

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
  const sink = new TextSink()
  yield* writeGroup(answer, format, sink)
  yield sink.take()
}

function* writeGroup(members: Answer, format: TensorFormat, sink: TextSink): Generator<Buffer> {
  let separator = '{'
  for (const [name, member] of members) {
    sink.text(`${separator}${JSON.stringify(name)}:`)
    yield* writeMember(member, format, sink)
    separator = ','
  }
  sink.text('}')
}

function* writeMember(member: Member, format: TensorFormat, sink: TextSink): Generator<Buffer> {
  if ('plain' in member) sink.text(JSON.stringify(member.plain))
  else if ('group' in member) yield* writeGroup(member.group, format, sink)
  else yield* writeArray(member.array, format, sink)
}

function* writeArray(array: ArrayView, format: TensorFormat, sink: TextSink): Generator<Buffer> {
  if (format === 'nested') {
    yield* writeNested(array, sink)
  } else if (format === 'flat') {
    sink.text(`{"shape":${JSON.stringify(array.shape)},"data":[`)
    yield* writeRows(array, sink, () => ',')
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

function* writeNested(array: ArrayView, sink: TextSink): Generator<Buffer> {
  const axes = array.shape.length - 1 // above a row
  sink.text('['.repeat(axes + 1))
  // Between two rows as many arrays end and begin as there are axes that come round at once.
  const separators = Array.from({ length: axes + 1 }, (_, ended) => `${']'.repeat(ended)},${'['.repeat(ended)}`)
  yield* writeRows(array, sink, (row) => separators[axesEnded(array.shape, row)]!)
  sink.text(']'.repeat(axes + 1))
}

/** How many arrays end before row `row`: its own row array, and each axis above that comes round. */
function axesEnded(shape: readonly number[], row: number): number {
  let ended = 1
  for (let axis = shape.length - 2; axis > 0 && row % shape[axis]! === 0; axis--) {
    row /= shape[axis]!
    ended++
  }
  return ended
}

function* writeRows(array: ArrayView, sink: TextSink, separator: (row: number) => string): Generator<Buffer> {
  const width = array.shape.at(-1)!
  const rest = Number.isFinite(array.masked) ? String(array.masked) : 'null'
  for (let row = 0; row < array.rowCount; row++) {
    if (row > 0) sink.text(separator(row))
    const { data, offset, visible } = array.row(row)
    sink.numbers(data, offset, visible)
    if (visible < width) sink.repeat(`,${rest}`, width - visible)
    if (sink.full) yield sink.take()
  }
}
