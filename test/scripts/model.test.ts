import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DownloadError, downloadModel } from '../../scripts/model/download.ts'
import type { DownloadOptions } from '../../scripts/model/download.ts'
import { truthFolder } from '../sources/decoder/models.ts'
import { commit, Hub } from './hub.ts'

let models: string
beforeEach(async () => {
  models = await mkdtemp(join(tmpdir(), 'downloads-'))
})
afterEach(() => rm(models, { recursive: true }))

async function filesOf(model: string): Promise<Map<string, Uint8Array>> {
  const names = (await readdir(join(truthFolder, model))).filter((name) => !/^(expected|tokens)\./.test(name))
  const files = new Map<string, Uint8Array>()
  for (const name of names) files.set(name, await readFile(join(truthFolder, model, name)))
  return files
}

const options = (hub: Hub, changes: Partial<DownloadOptions> = {}): DownloadOptions => ({
  name: 'org/name',
  revision: 'main',
  models,
  hubUrl: hub.url,
  progress: () => {},
  retries: 0,
  retryDelay: 0,
  ...changes,
})

describe('a model from the hub', () => {
  it('is its configuration, its tokenizer and its weights, and nothing else', async () => {
    const files = await filesOf('gpt2')
    const others = ['pytorch_model.bin', 'README.md', 'tf_model.h5', 'onnx.safetensors', '.gitattributes', 'run.py']
    await using hub = await Hub.start(new Map([...files, ...others.map((name) => [name, Buffer.from('x')] as const)]))
    const seen: string[] = []
    const folder = await downloadModel(options(hub, { progress: (file, bytes, of) => bytes === of && seen.push(file) }))
    expect(folder).toBe(join(models, 'org/name'))
    expect((await readdir(folder)).sort()).toEqual([...files.keys()].sort())
    expect([...new Set(seen)].sort()).toEqual([...files.keys()].sort())
    for (const [name, content] of files) expect(await readFile(join(folder, name))).toEqual(content)
  })

  it('may be in several files, which its index names', async () => {
    await using hub = await Hub.start(await filesOf('llama'))
    const names = await readdir(await downloadModel(options(hub)))
    expect(names).toContain('model.safetensors.index.json')
    expect(names.filter((name) => name.endsWith('.safetensors')).length).toBeGreaterThan(1)
  })

  it('that was stopped goes on where it was, and what is there is not asked for again', async () => {
    const files = await filesOf('gpt2')
    await using hub = await Hub.start(files)
    const weights = files.get('model.safetensors')!
    hub.breakAfter = 40_000
    await expect(downloadModel(options(hub))).rejects.toThrow(/run the command again/)
    const folder = join(models, 'org/name')
    const partial = (await readdir(folder)).find((name) => name.endsWith('.partial'))!
    const come = (await readFile(join(folder, partial))).length
    expect(come).toBeGreaterThan(0)
    expect(come).toBeLessThan(weights.length)

    hub.requests.length = 0
    await downloadModel(options(hub))
    const asked = hub.requests.filter((path) => path.includes(`/resolve/${commit}/model.safetensors`))
    expect(asked.at(-1)).toMatch(new RegExp(`bytes=${come}-${weights.length - 1}$`))
    expect(hub.requests.some((path) => path.includes('/config.json'))).toBe(false)
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(weights)
    expect((await readdir(folder)).some((name) => name.endsWith('.partial'))).toBe(false)
  })

  it('is asked for again by itself when a connection breaks', async () => {
    const files = await filesOf('gpt2')
    await using hub = await Hub.start(files)
    hub.breakAfter = 40_000
    const folder = await downloadModel(options(hub, { retries: 1 }))
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(files.get('model.safetensors'))
  })

  it('is refused where it is not what the hub says', async () => {
    const files = await filesOf('gpt2')
    await using hub = await Hub.start(files)
    hub.breakAfter = 40_000
    await expect(downloadModel(options(hub))).rejects.toThrow(DownloadError)
    const folder = join(models, 'org/name')
    const partial = join(folder, (await readdir(folder)).find((name) => name.endsWith('.partial'))!)
    await writeFile(partial, Buffer.alloc(1000))
    await expect(downloadModel(options(hub))).rejects.toThrow(/is not what the hub says/)
    await downloadModel(options(hub))
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(files.get('model.safetensors'))
  })

  it('that has changed on the hub is brought anew, files of the same size too', async () => {
    const files = await filesOf('gpt2')
    await using hub = await Hub.start(files)
    const folder = await downloadModel(options(hub))
    const config = Buffer.from(files.get('config.json')!.map((byte) => (byte === 0x35 ? 0x36 : byte)))
    hub.files.set('config.json', config)
    await downloadModel(options(hub))
    expect(await readFile(join(folder, 'config.json'))).toEqual(config)
  })

  it.each(['../../etc', 'a/../b', 'a/b/c', '/a/b', 'a b/c', '.a/b', ''])('has no name like %j', async (name) => {
    await using hub = await Hub.start(new Map())
    await expect(downloadModel(options(hub, { name }))).rejects.toThrow(/not a model's name/)
    expect(hub.requests).toEqual([])
  })

  it('says what is wrong: unknown, closed, without safetensors, no hub', async () => {
    await using hub = await Hub.start(new Map([['pytorch_model.bin', Buffer.from('x')]]))
    await expect(downloadModel(options(hub, { name: 'org/other' }))).rejects.toThrow(/is not on the hub/)
    await expect(downloadModel(options(hub))).rejects.toThrow(/no model.safetensors/)
    hub.token = 'hf_secret'
    await expect(downloadModel(options(hub))).rejects.toThrow(/HF_TOKEN/)
    await expect(downloadModel(options(hub, { accessToken: 'hf_secret' }))).rejects.toThrow(/no model.safetensors/)
    await expect(downloadModel(options(hub, { hubUrl: 'http://127.0.0.1:9' }))).rejects.toThrow(
      /could not be asked for/,
    )
  })

  it('is brought and looked at by the command', async () => {
    await using hub = await Hub.start(await filesOf('qwen3'))
    const env = { ...process.env, HF_ENDPOINT: hub.url, MODELS_DIR: models, DATA_DIR: join(models, 'data') }
    const script = join(import.meta.dirname, '../../scripts/model.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [script, 'org/name'], { env })
    expect(stdout).toContain('qwen3, 3 layers; it is served as org/name')
    const failed = promisify(execFile)(process.execPath, [script, 'org/other'], { env })
    await expect(failed).rejects.toMatchObject({ code: 1, stderr: 'org/other at main is not on the hub\n' })
  })
})
