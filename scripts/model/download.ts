import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { downloadFile, listFiles, modelInfo } from '@huggingface/hub'
import type { ListFileEntry } from '@huggingface/hub'

/** A reason to stop that a user can act on. */
export class DownloadError extends Error {}

export interface DownloadOptions {
  /** `org/name` on the hub. */
  readonly name: string
  /** A branch, a tag or a commit. */
  readonly revision: string
  /** Where the model's folder is made, by its name. */
  readonly models: string
  /** By default the hub itself. */
  readonly hubUrl?: string
  readonly accessToken?: string
  /** Told of every piece of a file that has come. */
  readonly progress: (file: string, bytes: number, of: number) => void
  /** How often a file is asked for again after its connection broke. */
  readonly retries: number
  /** Milliseconds before it is. */
  readonly retryDelay: number
}

const small = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja']
const index = 'model.safetensors.index.json'

/** What a model is made of: nothing else of a repository is brought. */
function isWanted(path: string, sharded: boolean): boolean {
  if (small.includes(path)) return true
  return sharded ? path === index || /^model-\d+-of-\d+\.safetensors$/.test(path) : path === 'model.safetensors'
}

/**
 * Brings a model's files of one commit into a folder of its name. A file appears under its own name when all of it is
 * there; what has come of others is gone on from the next time.
 * @returns the model's folder
 * @throws DownloadError
 */
export async function downloadModel(options: DownloadOptions): Promise<string> {
  const { name, revision, models, hubUrl, accessToken } = options
  if (!/^[A-Za-z0-9_][\w.-]*(\/[A-Za-z0-9_][\w.-]*)?$/.test(name))
    throw new DownloadError(`${name} is not a model's name, as openai-community/gpt2 is`)
  const hub = { ...(hubUrl === undefined ? {} : { hubUrl }), ...(accessToken === undefined ? {} : { accessToken }) }
  const { sha: commit } = await attempt(`${name} at ${revision}`, () =>
    modelInfo({ name, revision, additionalFields: ['sha'], ...hub }),
  )
  const entries: ListFileEntry[] = []
  await attempt(`the files of ${name}`, async () => {
    for await (const entry of listFiles({ repo: name, revision: commit, ...hub }))
      if (entry.type === 'file') entries.push(entry)
  })
  const sharded = !entries.some(({ path }) => path === 'model.safetensors')
  const wanted = entries.filter(({ path }) => isWanted(path, sharded))
  if (!wanted.some(({ path }) => path.endsWith('.safetensors')))
    throw new DownloadError(`${name} has no model.safetensors; other formats are not read, as they may hold code`)
  const folder = join(models, name)
  await mkdir(folder, { recursive: true })
  for (const entry of wanted) await bring(entry, commit, folder, options, hub)
  return folder
}

async function bring(
  entry: ListFileEntry,
  commit: string,
  folder: string,
  { name, progress, retries, retryDelay }: DownloadOptions,
  hub: object,
): Promise<void> {
  const { path } = entry
  const whole = join(folder, path)
  const bytes = entry.lfs?.size ?? entry.size
  if (await isWhatTheHubSays(whole, entry)) {
    progress(path, bytes, bytes)
    return
  }
  const partial = `${whole}.${commit.slice(0, 12)}.partial`
  await removeOtherPartials(folder, path, partial)
  for (let tries = 0; ; tries++) {
    try {
      await goOn(
        partial,
        bytes,
        (done) => progress(path, done, bytes),
        async () => {
          const blob = await downloadFile({ repo: name, path, revision: commit, ...hub })
          if (blob === null) throw new DownloadError(`${path} is no longer there`)
          if (blob.size !== bytes)
            throw new DownloadError(`${path} has ${blob.size} bytes, the hub's list says ${bytes}`)
          return blob
        },
      )
      break
    } catch (error) {
      if (error instanceof DownloadError) throw error
      if (tries >= retries)
        throw new DownloadError(`${path}: ${(error as Error).message}; run the command again to go on from here`)
      await new Promise((resolve) => setTimeout(resolve, retryDelay))
    }
  }
  if (!(await isWhatTheHubSays(partial, entry))) {
    await rm(partial)
    throw new DownloadError(`${path} is not what the hub says it is; run the command again`)
  }
  await rename(partial, whole)
}

/** Adds to a file what is missing of it. */
async function goOn(
  file: string,
  bytes: number,
  progress: (done: number) => void,
  ask: () => Promise<Blob>,
): Promise<void> {
  let done = (await sizeOf(file)) ?? 0
  if (done > bytes) {
    await rm(file)
    done = 0
  }
  progress(done)
  const handle = await open(file, 'a')
  try {
    if (done === bytes) return
    const blob = await ask()
    const rest = done === 0 ? blob : blob.slice(done, bytes)
    for await (const chunk of rest.stream() as unknown as AsyncIterable<Uint8Array>) {
      await handle.appendFile(chunk)
      done += chunk.length
      progress(done)
    }
  } finally {
    await handle.close()
  }
  if (done !== bytes) throw new Error(`${done} of ${bytes} bytes came`)
}

/** What has come of another commit's file is of no use. */
async function removeOtherPartials(folder: string, path: string, kept: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name)
    if (name.startsWith(`${path}.`) && name.endsWith('.partial') && file !== kept) await rm(file)
  }
}

async function attempt<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    const { message, statusCode } = error as Error & { statusCode?: number }
    if (statusCode === 404) throw new DownloadError(`${what} is not on the hub`)
    if (statusCode === 401 || statusCode === 403)
      throw new DownloadError(
        `${what} is not open to everybody: set HF_TOKEN to a token of an account that may read it`,
      )
    throw new DownloadError(`${what} could not be asked for: ${message}`)
  }
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  )
}

/** By size and digest: SHA-256 of a large file, which Git LFS keeps, and Git's own of a small one. */
async function isWhatTheHubSays(file: string, { size, lfs, oid }: ListFileEntry): Promise<boolean> {
  if ((await sizeOf(file)) !== (lfs?.size ?? size)) return false
  const hash = createHash(lfs === undefined ? 'sha1' : 'sha256')
  if (lfs === undefined) hash.update(`blob ${size}\0`)
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array)
  return hash.digest('hex') === (lfs?.oid ?? oid)
}
