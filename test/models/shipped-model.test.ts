import { readFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { computeLayers } from '../../src/attention/compute.ts'
import type { AttentionResult } from '../../src/attention/result.ts'
import { loadEngines } from '../../src/engines/load.ts'
import type { Engines } from '../../src/engines/select.ts'
import { backbonesOf } from '../../src/models/interpreters.ts'
import type { OpenModel } from '../../src/models/open-model.ts'
import { Models } from '../../src/models/registry.ts'
import { DecoderSource } from '../../src/sources/decoder/source.ts'
import { randomFrom } from '../support/random.ts'

const folder = join(import.meta.dirname, '../../models')
let data: string
let models: Models
let model: OpenModel
let engines: Engines

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'shipped-'))
  models = new Models({
    folder,
    dataFolder: data,
    memoryBytes: 2 ** 28,
    hiddenBytes: 2 ** 24,
    backbones: backbonesOf({ threads: 1 }),
    loadTimeout: 60_000,
  })
  model = await models.open('tiny-shakespeare', 'onnxruntime')
  engines = await loadEngines({
    engine: 'direct',
    device: 'cpu',
    threads: 1,
    version: 'test',
    setEnvironment: () => {},
  })
})
afterAll(async () => {
  model.release()
  await models.close()
  await rm(data, { recursive: true })
})

async function collected(results: AsyncIterable<AttentionResult>): Promise<AttentionResult[]> {
  const all: AttentionResult[] = []
  for await (const result of results) all.push(result)
  return all
}

/** Distinct random tokens, repeated once. */
function repeated(length: number, seed: number): number[] {
  const random = randomFrom(seed)
  const tokens = new Set<number>()
  while (tokens.size < length) tokens.add(1 + Math.floor(random() * (model.architecture.vocabulary - 1)))
  return [...tokens, ...tokens]
}

const allLayers = [0, 1, 2].map((layer) => ({ layer, heads: null }))

/** By (layer, head), mean over sequences of what the service says of the head. */
async function meanOverSequences(
  length: number,
  statistic: (result: AttentionResult, head: number) => number,
): Promise<number[][]> {
  const sums = allLayers.map(() => [0, 0, 0, 0])
  const sequences = 4
  for (let seed = 0; seed < sequences; seed++)
    for (const [layer, result] of (await resultsOf(repeated(length, seed))).entries())
      for (let head = 0; head < 4; head++) sums[layer]![head]! += statistic(result, head) / sequences
  return sums
}

async function resultsOf(tokens: readonly number[]) {
  const source = new DecoderSource({ model, tokens, layers: allLayers })
  return collected(computeLayers({ source, engine: 'direct', returns: new Set(['summary', 'weights']) }, engines))
}

describe('the shipped model', () => {
  it('has a head that looks at the previous token, by the statistics of the service', async () => {
    const means = await meanOverSequences(32, ({ summary }, head) => summary!.weights.previousToken[head]!)
    expect(Math.max(...means.flat())).toBeGreaterThan(0.5)
  })

  it.each([16, 32, 64, 128])('has an induction head on %i tokens repeated once', async (length) => {
    const means = await meanOverSequences(length, ({ output }, head) => {
      let sum = 0
      for (let query = length; query < 2 * length; query++)
        sum += output.weights!.row(0, head, query)[query - length + 1]!
      return sum / length
    })
    expect(Math.max(...means.flat())).toBeGreaterThan(0.4)
  })

  it('predicts held-out text clearly better than a bigram model, whose loss is 4.08', async () => {
    const text = await readFile(join(folder, 'tiny-shakespeare/held-out.txt'), 'utf8')
    const pieces = text.split('\n\n').filter((piece) => piece.length > 200)
    const losses: number[] = []
    for (const piece of pieces.slice(0, 20)) {
      const { tokens } = model.text.tokenize({ text: piece.slice(0, 400), specialTokens: true })
      const request = { tokens: tokens.map(({ id }) => id), layers: [], end: 'losses' } as const
      for await (const output of model.hiddenStates(request))
        if (output.kind === 'losses') losses.push(...output.values)
    }
    expect(losses.length).toBeGreaterThan(1000)
    expect(losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toBeLessThan(3.7)
  })

  it('is small, and known by what it is', async () => {
    expect(await models.describe('tiny-shakespeare')).toMatchObject({
      family: 'gpt2',
      layers: 3,
      heads: 4,
      width: 128,
      contextLength: 256,
      vocabulary: 1024,
      parameters: 758_912,
      dtype: 'float16',
    })
  })
})

describe('a source of a trained model', () => {
  const tokens = [5, 9, 5, 9, 11]

  it('gives some heads of some layers, and what is asked for at the end', async () => {
    const layers = [
      { layer: 0, heads: [3, 1] },
      { layer: 2, heads: null },
    ]
    const source = new DecoderSource({ model, tokens, layers, end: 'logits' })
    const results = await collected(
      computeLayers({ source, engine: 'reference', returns: new Set(['weights', 'context']) }, engines),
    )
    expect(results.map(({ layer, size }) => [layer, size.heads])).toEqual([
      [0, 2],
      [2, 4],
    ])
    const whole = await resultsOf(tokens)
    for (const [index, head] of [3, 1].entries())
      for (let query = 0; query < tokens.length; query++)
        for (const [key, weight] of results[0]!.output.weights!.row(0, index, query).entries())
          expect(weight).toBeCloseTo(whole[0]!.output.weights!.row(0, head, query)[key]!, 5)
    expect(source.end!.values).toHaveLength(model.architecture.vocabulary)
  })

  it('knows before it computes what it will take, and more layers are more work', () => {
    const cost = (layer: number) =>
      new DecoderSource({ model, tokens, layers: [{ layer, heads: null }] }).cost({ context: false, parameters: false })
    expect(cost(2).operations).toBeGreaterThan(2.5 * cost(0).operations)
    expect(cost(0).bytes).toBeGreaterThan(tokens.length * 128 * 4)
  })

  it('shows interventions on biases in the layer that they are in', async () => {
    const withGains = new DecoderSource({
      model,
      tokens,
      layers: allLayers,
      gains: { biases: [{ layer: 0, of: 'query', gain: 0 }] },
    })
    const changed = await collected(
      computeLayers({ source: withGains, engine: 'direct', returns: new Set(['weights']) }, engines),
    )
    const plain = await resultsOf(tokens)
    const row = (results: typeof plain) => [...results[0]!.output.weights!.row(0, 0, 4)]
    expect(row(changed)).not.toEqual(row(plain))
  })
})
