import { appendFile, copyFile, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../src/errors.ts'
import type { OpenModel } from '../../src/models/open-model.ts'
import type { Models } from '../../src/models/registry.ts'
import { truthFolder } from '../sources/decoder/models.ts'
import { ModelsFolder } from './folder.ts'

const tokens = [5, 7, 5, 7, 9, 11, 5]

async function refusal(promise: Promise<unknown>): Promise<ServiceError> {
  const error = await promise.then(
    () => null,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(ServiceError)
  return error as ServiceError
}

async function inputsOf(model: OpenModel, layers: readonly number[]): Promise<Map<number, Float32Array>> {
  const inputs = new Map<number, Float32Array>()
  for await (const output of model.hiddenStates({ tokens, layers }))
    if (output.kind === 'layer') inputs.set(output.layer, output.input)
  return inputs
}

async function computes(models: Models, id: string): Promise<Float32Array> {
  using model = await models.open(id, 'onnxruntime')
  return (await inputsOf(model, [1])).get(1)!
}

describe('the models of a service', () => {
  it('are listed with what is known of them, and loaded when they are first computed with', async () => {
    await using folder = await ModelsFolder.make()
    const path = await folder.add('tiny/llama', 'llama-llama3')
    await folder.add('bert', 'bert')
    const models = folder.open()
    const [bert, llama] = await models.list()
    expect(bert).toMatchObject({ id: 'bert', family: 'bert', nextTokens: false, dtype: 'float32' })
    expect(llama).toEqual({
      id: 'tiny/llama',
      state: 'available',
      family: 'llama',
      layers: 3,
      heads: 4,
      keyValueHeads: 2,
      headDim: 8,
      width: 24,
      contextLength: 32,
      vocabulary: 330,
      parameters: expect.any(Number) as number,
      bytes: expect.any(Number) as number,
      dtype: 'bfloat16',
      sha256: execFileSync('sha256sum', [join(path, 'model.safetensors')], { encoding: 'utf8' }).slice(0, 64),
      nextTokens: true,
    })
    if (llama!.state === 'unsupported') throw new Error(llama!.reason)
    expect(llama!.bytes).toBe(2 * llama!.parameters)
    await computes(models, 'tiny/llama')
    expect(await models.describe('tiny/llama')).toMatchObject({ state: 'loaded' })
    expect(models.status().loaded).toMatchObject([{ id: 'tiny/llama', backbone: 'onnxruntime' }])
  })

  it('that cannot be served are unsupported with the reason, and do not hinder others', async () => {
    await using folder = await ModelsFolder.make()
    await folder.add('good')
    const broken = async (id: string, change: (path: string) => Promise<unknown>): Promise<void> => {
      await change(await folder.add(id))
    }
    await broken('no-config', (path) => rm(join(path, 'config.json')))
    await broken('no-tokenizer', (path) => rm(join(path, 'tokenizer.json')))
    await broken('no-weights', (path) => rm(join(path, 'model.safetensors')))
    await broken('config-is-text', (path) => writeFile(join(path, 'config.json'), 'model'))
    await broken('truncated', (path) => truncate(join(path, 'model.safetensors'), 5000))
    await broken('longer', (path) => appendFile(join(path, 'model.safetensors'), 'x'))
    await broken('pickle', (path) => rename(join(path, 'model.safetensors'), join(path, 'pytorch_model.bin')))
    await broken('other-size', async (path) => {
      const config = JSON.parse(await readFile(join(path, 'config.json'), 'utf8')) as object
      await writeFile(join(path, 'config.json'), JSON.stringify({ ...config, n_embd: 28 }))
    })
    await broken('another-layer', async (path) => {
      const config = JSON.parse(await readFile(join(path, 'config.json'), 'utf8')) as object
      await writeFile(join(path, 'config.json'), JSON.stringify({ ...config, n_layer: 4 }))
    })
    await broken('other-tokenizer', async (path) => {
      const json = JSON.parse(await readFile(join(path, 'tokenizer.json'), 'utf8')) as object
      await writeFile(join(path, 'tokenizer.json'), JSON.stringify({ ...json, model: { type: 'Unigram', vocab: [] } }))
    })
    await broken('half-a-tokenizer', (path) => truncate(join(path, 'tokenizer.json'), 1000))
    await broken('leads-out', async (path) => {
      await copyFile(join(path, 'model.safetensors'), folder.outside('weights'))
      await rm(join(path, 'model.safetensors'))
      await symlink(folder.outside('weights'), join(path, 'model.safetensors'))
    })
    const models = folder.open()
    const reasons = Object.fromEntries(
      (await models.list()).map((model) => [model.id, model.state === 'unsupported' ? model.reason : model.state]),
    )
    expect(reasons).toEqual({
      good: 'available',
      'no-config': 'config.json is missing',
      'no-tokenizer': 'tokenizer.json is missing',
      'no-weights': 'model.safetensors is missing',
      'config-is-text': 'config.json is not JSON in UTF-8',
      truncated: expect.stringContaining('is it truncated?') as string,
      longer: 'model.safetensors has 1 bytes that belong to no tensor',
      pickle: 'model.safetensors is missing',
      'other-size': expect.stringMatching(
        /"transformer.wte.weight" has shape \[\d+, 24\]; config.json makes it \[\d+, 28\]/,
      ) as string,
      'another-layer': 'the tensor "transformer.h.3.attn.c_attn.weight" is missing',
      'other-tokenizer': expect.stringContaining('tokenizer.json: the model has no vocabulary') as string,
      'half-a-tokenizer': 'tokenizer.json is not JSON in UTF-8',
      'leads-out': 'model.safetensors is a link that leads out of the folder of models',
    })
    const refused = await refusal(models.open('truncated', 'onnxruntime'))
    expect(refused.code).toBe('model-unsupported')
    expect(refused.message).toContain('is it truncated?')
    expect(await computes(models, 'good')).toBeInstanceOf(Float32Array)
  })

  it.each(['nothing', '../models/good', 'good/../good', '', '/good', 'good/', 'GOOD'])(
    'are not found as %j',
    async (id) => {
      await using folder = await ModelsFolder.make()
      await folder.add('good')
      const models = folder.open()
      expect((await refusal(models.open(id, 'reference'))).code).toBe('not-found')
      expect((await refusal(models.describe(id))).code).toBe('not-found')
    },
  )

  it('give the same inputs of layers, computed by any backbone or known from before', async () => {
    await using folder = await ModelsFolder.make()
    await folder.addCached('org', 'name', 'qwen3')
    const models = folder.open()
    using model = await models.open('org/name', 'onnxruntime')
    using reference = await models.open('org/name', 'reference')
    const first = await inputsOf(model, [2, 0])
    expect([...first.keys()]).toEqual([0, 2])
    const again = await inputsOf(model, [0, 1, 2])
    expect([...again.keys()]).toEqual([0, 1, 2])
    expect(again.get(2)).toBe(first.get(2)) // the very array: nothing was computed
    expect(models.status().hidden.hits).toBe(2)
    const exact = await inputsOf(reference, [0, 1, 2])
    for (const [layer, input] of again)
      for (const [index, value] of input.entries())
        expect(Math.abs(value - exact.get(layer)![index]!)).toBeLessThan(1e-4)
  })

  it('give next tokens and losses at the end, and inputs that interventions have changed are not kept', async () => {
    await using folder = await ModelsFolder.make()
    await folder.add('gpt2')
    const models = folder.open()
    using model = await models.open('gpt2', 'onnxruntime')
    const end = async (end: 'logits' | 'losses') => {
      for await (const output of model.hiddenStates({ tokens, layers: [], end }))
        if (output.kind === end) return output.values
      throw new Error('there is no end')
    }
    const next = model.nextTokens(await end('logits'))
    expect(next).toHaveLength(10)
    expect(next.map(({ probability }) => probability)).toEqual(
      next.map(({ probability }) => probability).sort((a, b) => b - a),
    )
    expect(next[0]!.text).toBe(model.text.textOf(next[0]!.id))
    expect(await end('losses')).toHaveLength(tokens.length - 1)
    const gains = { heads: [{ layer: 0, head: 1, gain: 0 }] }
    let changed: Float32Array | null = null
    for await (const output of model.hiddenStates({ tokens, layers: [1], gains }))
      if (output.kind === 'layer') changed = output.input
    expect(changed).not.toEqual((await inputsOf(model, [1])).get(1))
  })

  it('are computed as they were by who has them, and as they are by who comes, when their files change', async () => {
    await using folder = await ModelsFolder.make()
    const path = await folder.add('changing')
    const models = folder.open({ hiddenBytes: 0 })
    const before = await computes(models, 'changing')
    using model = await models.open('changing', 'onnxruntime')

    await truncate(join(path, 'model.safetensors'), 4096) // in place: under a mapping this would end the process
    expect((await inputsOf(model, [0, 1, 2])).get(1)).toEqual(before)
    expect((await refusal(models.open('changing', 'onnxruntime'))).message).toContain('truncated')
    expect(await models.describe('changing')).toMatchObject({ state: 'unsupported' })

    for (const file of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'])
      await copyFile(join(truthFolder, 'mistral', file), join(path, file))
    expect(await models.describe('changing')).toMatchObject({ family: 'mistral' })
    expect(await computes(models, 'changing')).not.toEqual(before)

    await rm(path, { recursive: true })
    expect((await inputsOf(model, [1])).get(1)).toEqual(before)
    expect((await refusal(models.open('changing', 'onnxruntime'))).code).toBe('not-found')
    expect(await models.list()).toEqual([])
  })

  it('leave by bytes, the least recently used first, and those in use stay', async () => {
    await using folder = await ModelsFolder.make()
    for (const id of ['a', 'b', 'c']) await folder.add(id)
    const whole = folder.open()
    await computes(whole, 'a')
    const { bytes } = whole.status()
    const models = folder.open({ memoryBytes: 2 * bytes })
    const loaded = (): string[] => models.status().loaded.map(({ id }) => id)
    await computes(models, 'a')
    await computes(models, 'b')
    await computes(models, 'a')
    await computes(models, 'c')
    expect(loaded().sort()).toEqual(['a', 'c'])
    expect(models.status().bytes).toBe(2 * bytes)

    const a = await models.open('a', 'onnxruntime')
    const c = await models.open('c', 'onnxruntime')
    const waiting = computes(models, 'b')
    const impatient = models.open('b', 'onnxruntime', AbortSignal.timeout(20))
    await expect(impatient).rejects.toThrow(/timeout/)
    expect(models.status().loading).toEqual([])
    expect(loaded().sort()).toEqual(['a', 'c'])
    a.release()
    await waiting
    expect(loaded().sort()).toEqual(['b', 'c'])
    c.release()

    const small = folder.open({ memoryBytes: bytes - 1 })
    const refused = await refusal(small.open('a', 'onnxruntime'))
    expect(refused.code).toBe('request-too-large')
    expect(refused.extra).toEqual({ estimated_bytes: bytes, limit_bytes: bytes - 1 })
  })

  it('serve forty at once for four models in the memory of two, each loaded once at a time', async () => {
    await using folder = await ModelsFolder.make()
    const ids = ['a', 'b', 'c', 'd']
    for (const id of ids) await folder.add(id)
    const whole = folder.open()
    const expected = await computes(whole, 'a')
    const models = folder.open({ memoryBytes: 2 * whole.status().bytes, hiddenBytes: 0 })
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => computes(models, ids[n % 4]!)))
    for (const answer of answers) expect(answer).toEqual(expected)
    expect(models.status().bytes).toBeLessThanOrEqual(models.status().limit)
  })

  it('are loaded again after a loading that failed, ran out of time, or was killed', async () => {
    await using folder = await ModelsFolder.make()
    await folder.add('gpt2')
    const late = folder.open({ loadTimeout: 0 })
    await new Promise((resolve) => setTimeout(resolve, 5))
    const refused = await refusal(late.open('gpt2', 'onnxruntime'))
    expect([refused.code, refused.message]).toEqual([
      'model-load-failed',
      'The model gpt2 could not be loaded: it took too long',
    ])
    await writeFile(folder.outside('a-file'), '')
    const nowhere = folder.open({ dataFolder: folder.outside('a-file') })
    expect((await refusal(nowhere.open('gpt2', 'onnxruntime'))).code).toBe('model-load-failed')

    const models = folder.open()
    const expected = await computes(models, 'gpt2')
    await models.close()
    // What a process leaves that is killed while it writes: a file under another name.
    const [file] = (await import('node:fs')).readdirSync(folder.data).filter((name) => name.endsWith('.f32'))
    await rename(join(folder.data, file!), join(folder.data, `${file}.0000.unfinished`))
    await truncate(join(folder.data, `${file}.0000.unfinished`), 5000)
    expect(await computes(folder.open(), 'gpt2')).toEqual(expected)
  })

  it('cannot be computed by a backbone that is not there', async () => {
    await using folder = await ModelsFolder.make()
    await folder.add('gpt2')
    expect((await refusal(folder.open().open('gpt2', 'tensorflow'))).code).toBe('engine-not-enabled')
  })
})
