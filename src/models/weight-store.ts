import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Parameter } from '../sources/decoder/architecture.ts'
import type { Checkpoint, CheckpointTensor } from '../sources/decoder/checkpoint/checkpoint.ts'
import { bytesPerElement, servedDtypes, toFloat32 } from '../sources/decoder/checkpoint/to-float32.ts'
import type { ServedDtype } from '../sources/decoder/checkpoint/to-float32.ts'
import { UnsupportedModel } from '../sources/decoder/unsupported.ts'
import type { WeightPlace, Weights } from '../sources/decoder/weights.ts'

/** Parameters begin at pages, so that each can be mapped by itself. */
const alignment = 4096

/** Bytes that are read and converted at once. */
const chunkBytes = 8 * 2 ** 20

/** An unfinished file of a process that died is removed when it is so old. */
const abandonedAfter = 6 * 60 * 60 * 1000

/**
 * Weights as float32, one file a model, in a folder of the service's own. Why a copy even of weights that are float32
 * already: the file is mapped into memory, and a mapped file that somebody else makes shorter ends the process. Files
 * are named by the digest of the weights, so that a model that is replaced gets a file of its own.
 */
export class WeightStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = resolve(folder)
  }

  /**
   * SHA-256 of a checkpoint's weights: of its one file, as sha256sum prints it; of several, of the lines that sha256sum
   * prints of them. Remembered by the files' identities.
   */
  async digest(checkpoint: Checkpoint, signal?: AbortSignal): Promise<string> {
    const known = await this.rememberedDigest(checkpoint)
    if (known !== null) return known
    const lines: string[] = []
    for (const file of checkpoint.files) {
      const hash = createHash('sha256')
      for (let at = 0; at < file.size; at += chunkBytes) {
        signal?.throwIfAborted()
        hash.update(await file.read(at, Math.min(chunkBytes, file.size - at)))
      }
      lines.push(`${hash.digest('hex')}  ${file.name}\n`)
    }
    const digest =
      lines.length === 1 ? lines[0]!.slice(0, 64) : createHash('sha256').update(lines.join('')).digest('hex')
    const file = join(this.#folder, await digestFile(checkpoint))
    await this.#writeWhole(file, (handle) => writeFile(handle, digest)).catch(() => {}) // only remembered
    return digest
  }

  /** The digest of a checkpoint that has been read before, in any process; else null. */
  async rememberedDigest(checkpoint: Checkpoint): Promise<string | null> {
    const known = await readFile(join(this.#folder, await digestFile(checkpoint)), 'utf8').catch(() => '')
    return /^[0-9a-f]{64}$/.test(known) ? known : null
  }

  /**
   * The file of a model's parameters, made where it is not there yet.
   * @throws UnsupportedModel where a parameter is missing or has another shape or type; an error of the file system
   *   where the folder cannot be written
   */
  async prepare(
    checkpoint: Checkpoint,
    parameters: readonly Parameter[],
    digest: string,
    signal?: AbortSignal,
  ): Promise<StoredWeights> {
    const tensors = checkParameters(checkpoint, parameters)
    const places = new Map<string, WeightPlace>()
    let size = 0
    for (const { name, shape } of parameters) {
      const bytes = 4 * shape.reduce((product, side) => product * side, 1)
      places.set(name, { shape, offset: size, bytes })
      size += Math.ceil(bytes / alignment) * alignment
    }
    const layout = createHash('sha256')
      .update(JSON.stringify([...places]))
      .digest('hex')
      .slice(0, 8)
    const file = `${digest}-${layout}.f32`
    const path = join(this.#folder, file)
    if ((await sizeOf(path)) !== size) {
      await this.#removeAbandoned()
      await this.#writeWhole(path, async (handle) => {
        for (const tensor of tensors) await convert(tensor, handle, places.get(tensor.name)!.offset, signal)
        await handle.truncate(size)
      })
    }
    return StoredWeights.open(this.#folder, file, size, places)
  }

  /** A file appears under its name when all of it is on the disk, or not at all. */
  async #writeWhole(path: string, write: (handle: FileHandle) => Promise<unknown>): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    const unfinished = `${path}.${randomUUID()}.unfinished`
    try {
      const handle = await open(unfinished, 'wx')
      try {
        await write(handle)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(unfinished, path)
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
  }

  async #removeAbandoned(): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      if (!name.endsWith('.unfinished')) continue
      const path = join(this.#folder, name)
      const stats = await stat(path).catch(() => null)
      if (stats !== null && Date.now() - stats.mtimeMs > abandonedAfter) await rm(path, { force: true })
    }
  }
}

/** Weights in their file, which is held open. */
export class StoredWeights implements Weights {
  readonly folder: string
  readonly file: string
  readonly bytes: number
  readonly #places: ReadonlyMap<string, WeightPlace>
  readonly #handle: FileHandle

  private constructor(
    folder: string,
    file: string,
    bytes: number,
    places: ReadonlyMap<string, WeightPlace>,
    handle: FileHandle,
  ) {
    this.folder = folder
    this.file = file
    this.bytes = bytes
    this.#places = places
    this.#handle = handle
  }

  static async open(
    folder: string,
    file: string,
    bytes: number,
    places: ReadonlyMap<string, WeightPlace>,
  ): Promise<StoredWeights> {
    return new StoredWeights(folder, file, bytes, places, await open(join(folder, file)))
  }

  place({ name }: Parameter): WeightPlace {
    return this.#places.get(name)!
  }

  async read(parameter: Parameter): Promise<Float32Array> {
    const values = new Float32Array(this.place(parameter).bytes / 4)
    await this.readInto(values, parameter, 0)
    return values
  }

  async readInto(into: Float32Array, parameter: Parameter, from: number): Promise<void> {
    const begin = this.place(parameter).offset + from * 4
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await this.#handle.read(bytes, done, bytes.length - done, begin + done)
      if (bytesRead === 0) throw new Error(`${this.file} is shorter than it was`)
      done += bytesRead
    }
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** The tensors of parameters, in their order. @throws UnsupportedModel where one is missing or another one */
export function checkParameters(checkpoint: Checkpoint, parameters: readonly Parameter[]): ServedTensor[] {
  return parameters.map((parameter) => servedTensor(checkpoint, parameter))
}

type ServedTensor = CheckpointTensor & { readonly dtype: ServedDtype; readonly transposed: boolean }

function servedTensor(checkpoint: Checkpoint, { name, shape, transposed = false }: Parameter): ServedTensor {
  const tensor = checkpoint.tensors.get(name)
  if (tensor === undefined) throw new UnsupportedModel(`the tensor ${JSON.stringify(name)} is missing`)
  const { dtype } = tensor
  const expected = transposed ? shape.toReversed() : shape
  if (tensor.shape.join() !== expected.join())
    throw new UnsupportedModel(
      `the tensor ${JSON.stringify(name)} has shape [${tensor.shape.join(', ')}]; config.json makes it [${expected.join(', ')}]`,
    )
  if (!isServed(dtype))
    throw new UnsupportedModel(`the tensor ${JSON.stringify(name)} is ${dtype}; served are ${servedDtypes.join(', ')}`)
  return { ...tensor, dtype, transposed }
}

function isServed(dtype: string): dtype is ServedDtype {
  return servedDtypes.includes(dtype as ServedDtype)
}

/** Writes a tensor as float32 from a position on, in pieces so that other requests come in between. */
async function convert(
  tensor: ServedTensor,
  into: FileHandle,
  position: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { file, offset, bytes, dtype, transposed, shape } = tensor
  // Of a transposed matrix the whole is read at once.
  const step = transposed ? bytes : chunkBytes
  for (let at = 0; at < bytes; at += step) {
    signal?.throwIfAborted()
    const read = toFloat32(await file.read(offset + at, Math.min(step, bytes - at)), dtype)
    const values = transposed ? transpose(read, shape[0]!, shape[1]!) : read
    const written = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    await writeAll(into, written, position + (at / bytesPerElement[dtype]) * 4)
  }
}

/** (rows, columns) -> (columns, rows), square by square so that both sides stay in the cache. */
function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length)
  const side = 64
  for (let firstRow = 0; firstRow < rows; firstRow += side) {
    for (let firstColumn = 0; firstColumn < columns; firstColumn += side) {
      for (let row = firstRow; row < Math.min(rows, firstRow + side); row++) {
        for (let column = firstColumn; column < Math.min(columns, firstColumn + side); column++)
          turned[column * rows + row] = values[row * columns + column]!
      }
    }
  }
  return turned
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten
}

/** Where a digest is remembered: by the identities of the files. */
async function digestFile({ files }: Checkpoint): Promise<string> {
  const identities = await Promise.all(files.map((file) => file.identity()))
  return `${createHash('sha256').update(identities.join('\n')).digest('hex').slice(0, 32)}.sha256`
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  )
}
