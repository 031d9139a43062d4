import { createHash } from 'node:crypto'
import { open, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Architecture, Parameter } from '../sources/decoder/architecture.ts'
import { openCheckpoint, weightFileNames } from '../sources/decoder/checkpoint/checkpoint.ts'
import type { Checkpoint } from '../sources/decoder/checkpoint/checkpoint.ts'
import { parseObject } from '../sources/decoder/checkpoint/strict-json.ts'
import { parametersOf, readArchitecture } from '../sources/decoder/families/index.ts'
import { readChatTemplate } from '../sources/decoder/tokens/chat-template.ts'
import type { ChatTemplate } from '../sources/decoder/tokens/chat-template.ts'
import { readTokenizer } from '../sources/decoder/tokens/tokenizer.ts'
import type { Tokenizer } from '../sources/decoder/tokens/tokenizer.ts'
import { UnsupportedModel } from '../sources/decoder/unsupported.ts'
import { isWithin } from './scan.ts'
import type { FoundModel } from './scan.ts'
import { checkParameters } from './weight-store.ts'
import type { WeightStore } from './weight-store.ts'

const MiB = 2 ** 20

/** Files beside the weights, and how many bytes each may have. */
const smallFiles = {
  'config.json': MiB,
  'tokenizer.json': 128 * MiB,
  'tokenizer_config.json': 16 * MiB,
  'chat_template.jinja': MiB,
} as const
type SmallFile = keyof typeof smallFiles

const index = 'model.safetensors.index.json'

/** What a folder holds, as far as it can be told without its weights. */
export interface Inspected {
  readonly architecture: Architecture
  readonly parameters: readonly Parameter[]
  /** By the name of PyTorch: of the token embedding. */
  readonly dtype: string
  /** Of the weights that are used, as the checkpoint has them. */
  readonly bytes: number
  readonly tokenizerBytes: number
  /** Of the weights; null where they are large and have not been read yet. */
  readonly sha256: string | null
}

/** Weights of so many bytes are read to know their digest before they are needed. */
const quicklyRead = 64 * MiB

/** What changes when a file of the model changes, is replaced or removed. Cheap: nothing is read but the index. */
export async function fingerprintOf({ folder }: FoundModel): Promise<string> {
  const weights = await weightFileNames(folder).catch(() => [])
  const names = [...Object.keys(smallFiles), index, ...weights]
  const states = await Promise.all(
    names.map(async (name) => {
      const state = await stat(join(folder, name), { bigint: true }).catch(() => null)
      return state === null ? `${name} -` : `${name} ${state.dev} ${state.ino} ${state.size} ${state.mtimeNs}`
    }),
  )
  return createHash('sha256').update(states.join('\n')).digest('hex')
}

/** @throws UnsupportedModel with the reason */
export async function inspect(model: FoundModel, store: WeightStore): Promise<Inspected> {
  const config = parseObject(await readSmall(model, 'config.json'), 'config.json')
  const { tokenizerBytes } = await openText(model)
  const checkpoint = await openWeights(model)
  try {
    const architecture = readArchitecture(config, (name) => checkpoint.tensors.has(name))
    const parameters = parametersOf(architecture)
    const tensors = checkParameters(checkpoint, parameters)
    const dtypes = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const
    return {
      architecture,
      parameters,
      dtype: dtypes[tensors[0]!.dtype],
      bytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0),
      tokenizerBytes,
      sha256: await (isSmall(checkpoint) ? store.digest(checkpoint) : store.rememberedDigest(checkpoint)),
    }
  } finally {
    await checkpoint.close()
  }
}

function isSmall({ files }: Checkpoint): boolean {
  return files.reduce((sum, { size }) => sum + size, 0) <= quicklyRead
}

/** A model's way from text to tokens. @throws UnsupportedModel */
export async function openText(
  model: FoundModel,
): Promise<{ tokenizer: Tokenizer; chat: ChatTemplate | null; tokenizerBytes: number }> {
  const bytes = await readSmall(model, 'tokenizer.json')
  const tokenizer = readTokenizer(parseObject(bytes, 'tokenizer.json'))
  const config = await readOptional(model, 'tokenizer_config.json')
  const file = await readOptional(model, 'chat_template.jinja')
  const chat = readChatTemplate(
    config === null ? {} : parseObject(config, 'tokenizer_config.json'),
    file === null ? null : new TextDecoder().decode(file),
  )
  return { tokenizer, chat, tokenizerBytes: bytes.length }
}

/** A model's weights, none of whose files is a link that leads out. @throws UnsupportedModel */
export async function openWeights(model: FoundModel): Promise<Checkpoint> {
  if (await exists(model, index)) await checkLink(model, index)
  for (const name of await weightFileNames(model.folder)) await checkLink(model, name)
  return openCheckpoint(model.folder)
}

async function readSmall(model: FoundModel, name: SmallFile): Promise<Uint8Array> {
  await checkLink(model, name)
  const limit = smallFiles[name]
  const handle = await open(join(model.folder, name)).catch((error: NodeJS.ErrnoException) => {
    throw new UnsupportedModel(`${name} cannot be read: ${error.code}`)
  })
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new UnsupportedModel(`${name} is not a file`)
    if (stats.size > limit) throw new UnsupportedModel(`${name} has ${stats.size} bytes; the limit is ${limit}`)
    return await readFile(handle)
  } finally {
    await handle.close()
  }
}

async function readOptional(model: FoundModel, name: SmallFile): Promise<Uint8Array | null> {
  return (await exists(model, name)) ? readSmall(model, name) : null
}

function exists({ folder }: FoundModel, name: string): Promise<boolean> {
  return stat(join(folder, name)).then(
    () => true,
    () => false,
  )
}

/** @throws UnsupportedModel where a file is not there, or a link that leads out of where the model's files may be */
async function checkLink({ folder, allowed }: FoundModel, name: string): Promise<void> {
  let real: string
  try {
    real = await realpath(join(folder, name))
  } catch {
    throw new UnsupportedModel(`${name} is missing`)
  }
  if (!allowed.some((root) => isWithin(real, root)))
    throw new UnsupportedModel(`${name} is a link that leads out of the folder of models`)
}
