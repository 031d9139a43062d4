import { Readable } from 'node:stream'
import type { Presentation } from '../attention/presentation.ts'
import { jsonParts } from './json.ts'
import type { Answer } from './answer.ts'
import { NumberSink } from './number-sink.ts'
import { npyText } from './npy.ts'
import { npyPieces } from './npz.ts'
import { pieces } from './pieces.ts'
import { textThreads } from './text-threads.ts'
import { ZipFile } from './zip.ts'

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
 * beside their arrays.
 */
export function encodeLayersNpz({ head, layers, tail }: LayersAnswer, withText: boolean): Readable {
  const zip = new ZipFile()
  const options = { compress: false, mtime: new Date(1980, 0, 1), forceDosTimestamp: true }
  const addText = (members: Answer): void => {
    if (!withText) return
    for (const [name, member] of members)
      if ('plain' in member) zip.addBuffer(npyText(JSON.stringify(member.plain)), `${name}.npy`, options)
  }
  async function fill(): Promise<void> {
    const said: Record<string, unknown>[] = []
    for await (const { layer, members, letGo } of layers) {
      const plain: Record<string, unknown> = {}
      for (const [name, member] of members) {
        if ('plain' in member) plain[name] = member.plain
        const arrays = 'array' in member ? [[name, member] as const] : 'group' in member ? member.group : []
        for (const [own, each] of arrays) {
          if (!('array' in each)) continue
          const path = own === name ? `${name}.${layer}` : `${name}.${own}.${layer}`
          // The next array is asked for when this one has been read, so that one layer's are there at a time.
          await new Promise<void>((resolve, reject) => {
            zip.addReadStreamLazy(`${path}.npy`, options, (add) => {
              const stream = Readable.from(npyPieces(each.array), { objectMode: false, highWaterMark: 1 })
              stream.once('end', resolve).once('error', reject)
              add(null, stream)
            })
          })
        }
      }
      letGo()
      said.push(plain)
    }
    addText([...head, ['layers', { plain: said }], ...tail()])
    zip.end()
  }
  const output = zip.outputStream as Readable
  void fill().catch((error: Error) => output.destroy(error))
  return output
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
