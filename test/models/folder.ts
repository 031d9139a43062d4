import { cp, mkdtemp, mkdir, realpath, rm, symlink, readdir, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { backbonesOf } from '../../src/models/interpreters.ts'
import { Models } from '../../src/models/registry.ts'
import type { ModelsOptions } from '../../src/models/registry.ts'
import { truthFolder } from '../sources/decoder/models.ts'

/** A folder of models for one test, and a folder of the service's own beside it. */
export class ModelsFolder implements AsyncDisposable {
  readonly root: string
  readonly data: string
  readonly #all: string
  readonly #opened: Models[] = []
  #now = 0

  private constructor(all: string) {
    this.#all = all
    this.root = join(all, 'models')
    this.data = join(all, 'data')
  }

  static async make(): Promise<ModelsFolder> {
    const folder = new ModelsFolder(await realpath(await mkdtemp(join(tmpdir(), 'models-'))))
    await mkdir(folder.root)
    return folder
  }

  path(...names: string[]): string {
    return join(this.root, ...names)
  }

  /** A folder beside that of the models. */
  outside(name: string): string {
    return join(this.#all, name)
  }

  /** A truth model under an id. */
  async add(id: string, model = 'gpt2'): Promise<string> {
    await cp(join(truthFolder, model), this.path(id), { recursive: true })
    return this.path(id)
  }

  /** A truth model as a Hugging Face cache keeps it: blobs, and snapshots of links to them. */
  async addCached(owner: string, name: string, model = 'gpt2', revision = 'abc123', below = 'hub'): Promise<string> {
    const cached = this.path(below, `models--${owner}--${name}`)
    const snapshot = join(cached, 'snapshots', revision)
    await mkdir(join(cached, 'blobs'), { recursive: true })
    await mkdir(join(cached, 'refs'), { recursive: true })
    await cp(join(truthFolder, model), snapshot, { recursive: true })
    for (const file of await readdir(snapshot)) {
      await rename(join(snapshot, file), join(cached, 'blobs', `${revision}-${file}`))
      await symlink(join('..', '..', 'blobs', `${revision}-${file}`), join(snapshot, file))
    }
    await writeFile(join(cached, 'refs', 'main'), revision)
    return snapshot
  }

  async link(target: string, name: string): Promise<void> {
    await mkdir(dirname(this.path(name)), { recursive: true })
    await symlink(target, this.path(name))
  }

  /** The models of this folder. Its clock is a second later each time it is read, so that changes are seen at once. */
  open(options: Partial<ModelsOptions> = {}): Models {
    const models = new Models({
      folder: this.root,
      dataFolder: this.data,
      memoryBytes: 2 ** 30,
      hiddenBytes: 2 ** 20,
      backbones: backbonesOf({ threads: 1 }),
      loadTimeout: 60_000,
      now: () => (this.#now += 1000),
      ...options,
    })
    this.#opened.push(models)
    return models
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const models of this.#opened) await models.close()
    await rm(this.#all, { recursive: true })
  }
}
