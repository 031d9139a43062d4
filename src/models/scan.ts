import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import type { Dirent } from 'node:fs'
import { join, sep } from 'node:path'

/** A folder that looks like a model. */
export interface FoundModel {
  /** Its path below the folder of models, or `org/name` out of a Hugging Face cache. */
  readonly id: string
  /** Its real path. */
  readonly folder: string
  /** Where links of its files may lead: real paths of folders. */
  readonly allowed: readonly string[]
}

/** Segments of ids are names that need no escaping in an address; hidden folders have none. */
const segment = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/

/** Folders below each other that are looked into: `hub/models--org--name` and own layouts as `org/name/revision`. */
const deepest = 4

/** Folders of one search. A folder of models is not a whole disk. */
const mostFolders = 10_000

/**
 * The models below a folder, in its own layout or as a Hugging Face cache lays it out
 * (https://huggingface.co/docs/huggingface_hub/guides/manage-cache), in order of their ids. Folders whose links lead
 * out of it are left out; where two have one id, the one that is not out of a cache is taken.
 */
export async function findModels(root: string): Promise<FoundModel[]> {
  const realRoot = await realpath(root).catch(() => null)
  if (realRoot === null) return []
  const found: (FoundModel & { readonly cached: boolean })[] = []
  let folders = 0

  async function search(folder: string, path: readonly string[], above: readonly string[]): Promise<void> {
    if (folders++ >= mostFolders) return
    const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => [])
    if (looksLikeModel(entries) && path.length > 0) {
      found.push({ id: path.join('/'), folder, allowed: [realRoot!], cached: false })
      return
    }
    if (path.length === deepest) return
    for (const entry of entries) {
      if (!segment.test(entry.name)) continue
      const real = await folderWithin(realRoot!, join(folder, entry.name))
      if (real === null || above.includes(real)) continue
      const cachedId = /^models--(.+?)(?:--(.+))?$/.exec(entry.name)
      if (cachedId === null) await search(real, [...path, entry.name], [...above, real])
      else {
        const [, owner, name] = cachedId
        const snapshot = await snapshotOf(real)
        const id = name === undefined ? owner! : `${owner}/${name}`
        if (snapshot !== null && id.split('/').every((each) => segment.test(each)))
          found.push({ id, folder: snapshot, allowed: [realRoot!, join(real, 'blobs')], cached: true })
      }
    }
  }

  await search(realRoot, [], [realRoot])
  const byId = new Map<string, FoundModel>()
  for (const { id, folder, allowed } of found.toSorted((a, b) => Number(a.cached) - Number(b.cached)))
    if (!byId.has(id)) byId.set(id, { id, folder, allowed })
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

function looksLikeModel(entries: readonly Dirent[]): boolean {
  return entries.some(
    ({ name }) => name === 'config.json' || name === 'tokenizer.json' || name.endsWith('.safetensors'),
  )
}

/** The real path of a folder, or null where it is none or not within the root. */
async function folderWithin(root: string, path: string): Promise<string | null> {
  try {
    const real = await realpath(path)
    return isWithin(real, root) && (await stat(real)).isDirectory() ? real : null
  } catch {
    return null
  }
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

/** The snapshot of a cached model that `main` names, else the youngest. */
async function snapshotOf(cached: string): Promise<string | null> {
  const snapshots = join(cached, 'snapshots')
  const main = (await readFile(join(cached, 'refs', 'main'), 'utf8').catch(() => '')).trim()
  if (segment.test(main)) {
    const named = await folderWithin(cached, join(snapshots, main))
    if (named !== null) return named
  }
  let youngest: { folder: string; time: number } | null = null
  for (const name of await readdir(snapshots).catch(() => [])) {
    const folder = await folderWithin(cached, join(snapshots, name))
    if (folder === null) continue
    const { mtimeMs } = await stat(folder)
    if (youngest === null || mtimeMs > youngest.time) youngest = { folder, time: mtimeMs }
  }
  return youngest?.folder ?? null
}
