import { open, readFile, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { UnsupportedModel } from '../unsupported.ts'
import { readTensorEntries } from './safetensors.ts'
import type { ByteSource, TensorEntry } from './safetensors.ts'
import { isObject, parseUniqueKeys } from './strict-json.ts'

/** A tensor of a checkpoint and the file that holds it. */
export interface CheckpointTensor extends TensorEntry {
  readonly file: WeightFile
}

/** An opened safetensors file. It is held open: a file that is replaced or removed meanwhile is read to its end. */
export class WeightFile implements ByteSource {
  readonly name: string
  readonly size: number
  readonly #handle: FileHandle

  private constructor(name: string, size: number, handle: FileHandle) {
    this.name = name
    this.size = size
    this.#handle = handle
  }

  /** @throws UnsupportedModel when it is not there or no plain file */
  static async open(folder: string, name: string): Promise<WeightFile> {
    let handle: FileHandle
    try {
      handle = await open(join(folder, name))
    } catch (error) {
      throw new UnsupportedModel(`${name} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
    }
    const stats = await handle.stat()
    if (stats.isFile()) return new WeightFile(name, stats.size, handle)
    await handle.close()
    throw new UnsupportedModel(`${name} is not a file`)
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, offset + done)
      if (bytesRead === 0) throw new UnsupportedModel(`${this.name} has become shorter while it was read`)
      done += bytesRead
    }
    return bytes
  }

  /** What changes when the file is written to or another one takes its place. */
  async identity(): Promise<string> {
    const { dev, ino, size, mtimeNs } = await this.#handle.stat({ bigint: true })
    return `${dev} ${ino} ${size} ${mtimeNs}`
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** The tensors of a model's folder, by the names that its files give them. */
export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, CheckpointTensor>
  readonly files: readonly WeightFile[]
  close(): Promise<void>
}

const single = 'model.safetensors'
const index = 'model.safetensors.index.json'

/** A name that stays in the folder. */
const plainName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*\.safetensors$/

/**
 * Opens a folder's `model.safetensors`, or the files that its index names.
 * @throws UnsupportedModel
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const sharded = await exists(join(folder, index))
  const placed = sharded ? await readIndex(folder) : null
  const files: WeightFile[] = []
  const close = async (): Promise<void> => {
    await Promise.all(files.map((file) => file.close()))
  }
  try {
    const tensors = new Map<string, CheckpointTensor>()
    for (const name of placed === null ? [single] : [...new Set(placed.values())].sort()) {
      const file = await WeightFile.open(folder, name)
      files.push(file)
      for (const entry of (await readTensorEntries(file, name)).values()) {
        if (placed !== null && placed.get(entry.name) !== name) continue
        tensors.set(entry.name, { ...entry, file })
      }
    }
    for (const [name, file] of placed ?? []) {
      if (!tensors.has(name))
        throw new UnsupportedModel(`${index} places ${JSON.stringify(name)} in ${file}, which has none`)
    }
    return { tensors, files, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The file of each tensor, as the index says. */
async function readIndex(folder: string): Promise<Map<string, string>> {
  const { weight_map: map } = parseUniqueKeys(await readFile(join(folder, index)), index)
  if (!isObject(map)) throw new UnsupportedModel(`${index} has no weight_map`)
  for (const file of Object.values(map)) {
    if (typeof file !== 'string' || !plainName.test(file))
      throw new UnsupportedModel(`${index} names ${JSON.stringify(file)}, which is no safetensors file of this folder`)
  }
  return new Map(Object.entries(map as Record<string, string>))
}

/** The names of a folder's files of weights, in order. @throws UnsupportedModel for a broken index */
export async function weightFileNames(folder: string): Promise<string[]> {
  if (!(await exists(join(folder, index)))) return [single]
  return [...new Set((await readIndex(folder)).values())].sort()
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
