import { Readable } from 'node:stream'
import type { Presentation } from '../attention/presentation.ts'
import { jsonParts } from './json.ts'
import type { Answer } from './answer.ts'
import { lendBlock } from './blocks.ts'
import { NumberSink } from './number-sink.ts'
import { arrayEntry, textEntry } from './npz.ts'
import { pieces } from './pieces.ts'
import { textThreads } from './text-threads.ts'
import { zipOf } from './zip.ts'
import type { ZipEntry } from './zip.ts'

/** One layer of an answer about a model. `letGo` is called when all of it has been written. */
export interface EncodedLayer {
  readonly layer: number
  readonly members: Answer
  letGo(): void
}

/** An answer about a model: what comes before its layers, the layers as they are computed, and what follows. */
export interface LayersAnswer {
  readonly head: Answer
  readonly layers: AsyncIterable<EncodedLayer>
  /** Asked for when the last layer has come. */
  tail(): Answer
}

/** As JSON, written layer by layer: never more than one layer's maps are there. */
export function encodeLayersJson({ head, layers, tail }: LayersAnswer, { tensorFormat }: Presentation): Readable {
  async function* text(): AsyncGenerator<Buffer> {
    yield* piecesOf([...withoutEnd(jsonParts(head, tensorFormat)), ',"layers":['])
    let separator = ''
    for await (const { members, letGo } of layers) {
      yield Buffer.from(separator)
      yield* piecesOf(jsonParts(members, tensorFormat))
      letGo()
      separator = ','
    }
    const last = [...jsonParts(tail(), tensorFormat)]
    yield* piecesOf(['],', ...last.map((part, i) => (i === 0 && typeof part === 'string' ? part.slice(1) : part))])
  }
  return Readable.from(text(), { objectMode: false, highWaterMark: 1 })
}

/** One layer a line, each as it is ready. */
export function encodeLayersNdjson({ layers }: LayersAnswer, { tensorFormat }: Presentation): Readable {
  async function* lines(): AsyncGenerator<Buffer> {
    for await (const { members, letGo } of layers) {
      yield* piecesOf(jsonParts(members, tensorFormat))
      letGo()
      yield Buffer.from('\n')
    }
  }
  return Readable.from(lines(), { objectMode: false, highWaterMark: 1 })
}

/**
 * As numpy.savez writes it: `weights.5` is layer 5's array; what is no array is JSON text, `layers` what the layers say
 * beside their arrays. A layer is computed when the arrays of the one before have been read.
 */
export function encodeLayersNpz({ head, layers, tail }: LayersAnswer, strings: boolean): Readable {
  async function* entries(): AsyncGenerator<ZipEntry> {
    const said: Record<string, unknown>[] = []
    for await (const { layer, members, letGo } of layers) {
      yield* arraysOf(members, '', layer)
      letGo()
      said.push(
        Object.fromEntries(members.flatMap(([name, member]) => ('plain' in member ? [[name, member.plain]] : []))),
      )
    }
    if (!strings) return
    for (const [name, member] of [...head, ['layers', { plain: said }] as const, ...tail()])
      if ('plain' in member) yield textEntry(`${name}.npy`, member.plain)
  }
  return Readable.from(zipOf(entries(), lendBlock), { objectMode: false, highWaterMark: 1 })
}

/** The arrays of a layer's members, those of a group by its name and theirs. */
function* arraysOf(members: Answer, prefix: string, layer: number): Generator<ZipEntry> {
  for (const [name, member] of members) {
    if ('array' in member) yield arrayEntry(`${prefix}${name}.${layer}.npy`, member.array)
    if ('group' in member) yield* arraysOf(member.group, `${prefix}${name}.`, layer)
  }
}

function piecesOf(
  parts: Iterable<Parameters<typeof pieces>[0] extends Iterator<infer P> ? P : never>,
): AsyncGenerator<Buffer> {
  return pieces(parts[Symbol.iterator](), new NumberSink(), textThreads())
}

/** The parts of an object but its closing brace. */
function* withoutEnd<Part>(parts: Iterable<Part>): Generator<Part> {
  let before: { part: Part } | null = null
  for (const part of parts) {
    if (before !== null) yield before.part
    before = { part }
  }
}
