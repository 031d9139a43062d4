import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Service } from '../../../src/service.ts'
import { startService } from '../../support/service.ts'

const id = 'tiny-shakespeare'
const text = 'To be, or not to be: that is the question. To be, or not to be'
let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())

const get = (url: string) => service.app.inject({ url })
const post = (body: object, { query = '', accept = 'application/json' } = {}) =>
  service.app.inject({ method: 'POST', url: `/models/${id}/attention${query}`, payload: body, headers: { accept } })

describe('the models that are served', () => {
  it('are listed, the shipped one among them, and told one by one', async () => {
    const { models } = (await get('/models')).json()
    const shipped = models.find((model: { id: string }) => model.id === id)
    expect(shipped).toMatchObject({
      family: 'gpt2',
      layers: 3,
      heads: 4,
      width: 128,
      dtype: 'float16',
      next_tokens: true,
    })
    expect((await get(`/models/${id}`)).json()).toMatchObject({ id, sha256: shipped.sha256 })
  })

  it.each(['nope', 'org/nope', '..%2Fsrc', `${id}%2F..`])('%s is not found', async (name) => {
    const answer = await get(`/models/${name}`)
    expect(answer.statusCode).toBe(404)
    expect(answer.json().code).toBe('not-found')
  })
})

it('tokenizes with offsets in code points', async () => {
  const answer = await service.app.inject({
    method: 'POST',
    url: `/models/${id}/tokenize`,
    payload: { text: 'To be \u{1f600}' },
  })
  const { tokens } = answer.json()
  expect(tokens[0]).toEqual({ id: 397, text: 'To', start: 0, end: 2, special: false })
  expect(tokens.at(-1)).toMatchObject({ end: 7 })
})

describe('attention of layers and heads', () => {
  it('comes as statistics of all heads by default, with induction where the text repeats itself', async () => {
    const { model, tokens, layers } = (await post({ text })).json()
    expect(model).toMatchObject({ id, layers: 3, heads: 4 })
    expect(tokens).toHaveLength(23)
    expect(layers.map(({ layer }: { layer: number }) => layer)).toEqual([0, 1, 2])
    for (const { summary } of layers) {
      expect(summary.weights.entropy).toHaveLength(4)
      for (const name of ['induction', 'duplicate_token'])
        for (const value of summary.weights[name]) expect(value).toBeGreaterThanOrEqual(0)
    }
    const once = (await post({ text: 'hello world' })).json()
    expect(once.layers[0].summary.weights.induction).toEqual([null, null, null, null])
  })

  it('finds the heads that the training made: one that looks back a token, one that looks behind an earlier same token', async () => {
    const random = Array.from({ length: 40 }, (_, i) => 300 + ((i * 397) % 700))
    const { layers } = (await post({ token_ids: [...random, ...random] })).json()
    const greatest = (name: string): number =>
      Math.max(
        ...layers.flatMap(({ summary }: { summary: { weights: Record<string, number[]> } }) => summary.weights[name]),
      )
    expect(greatest('previous_token')).toBeGreaterThan(0.5)
    expect(greatest('induction')).toBeGreaterThan(0.4)
  })

  it('is the same of one head as of all, from every engine', async () => {
    const all = (await post({ text, return: ['weights'] })).json()
    for (const engine of ['reference', 'direct', 'onnxruntime']) {
      const { layers } = (
        await post({
          text,
          pairs: [
            [2, 3],
            [0, 1],
          ],
          return: ['weights'],
          engine,
        })
      ).json()
      expect(layers.map(({ layer, heads }: { layer: number; heads: number[] }) => [layer, heads])).toEqual([
        [0, [1]],
        [2, [3]],
      ])
      for (const { layer, heads, weights } of layers) {
        const expected = all.layers[layer].weights[0][heads[0]]
        for (const [query, row] of weights[0][0].entries())
          for (const [key, weight] of row.entries()) expect(weight).toBeCloseTo(expected[query][key], 5)
      }
    }
  })

  it('names top keys with what is dropped, what keys receive, and the likeliest next tokens', async () => {
    const body = {
      text,
      layers: [-1],
      return: ['top_keys', 'received', 'next_tokens'],
      top_keys: { k: 3, min_weight: 0 },
    }
    const { layers, next_tokens: next } = (await post(body)).json()
    const [{ layer, top_keys: top, received }] = layers
    expect(layer).toBe(2)
    for (const [head, rows] of top.weights.entries())
      for (const [row, weights] of rows.entries()) {
        expect(top.keys[head][row]).toHaveLength(Math.min(3, row + 1))
        expect(weights).toEqual(weights.toSorted((a: number, b: number) => b - a))
        expect(weights.reduce((sum: number, x: number) => sum + x, top.dropped[head][row])).toBeCloseTo(1, 5)
      }
    expect(received[0]).toHaveLength(23)
    expect(next).toHaveLength(10)
    expect(next.map(({ probability }: { probability: number }) => probability)).toEqual(
      next.map(({ probability }: { probability: number }) => probability).toSorted((a: number, b: number) => b - a),
    )
  })

  it('comes as one layer a line, and as arrays by layer', async () => {
    const lines = (await post({ text, return: ['weights'] }, { accept: 'application/x-ndjson' })).body
      .trim()
      .split('\n')
    expect(lines.map((line) => JSON.parse(line).layer)).toEqual([0, 1, 2])
    const npz = await post({ text, return: ['weights', 'summary'] }, { accept: 'application/x-npz' })
    expect(Object.keys(unzipSync(npz.rawPayload)).filter((name) => name.startsWith('weights'))).toEqual([
      'weights.0.npy',
      'weights.1.npy',
      'weights.2.npy',
    ])
  })

  it('is a picture as a link, with the tokens beside it', async () => {
    const link = `/models/${id}/attention?text=${encodeURIComponent(text)}&layers=1&heads=2&figure=weights&format=svg`
    const picture = await get(link)
    expect(picture.statusCode).toBe(200)
    expect(picture.body).toContain('␣that')
  })
})

describe('bad input is told where it is', () => {
  it.each([
    [{}, ''],
    [{ text: 'a', token_ids: [1] }, ''],
    [{ text: '' }, '/text'],
    [{ text: 'a b '.repeat(500) }, '/text'],
    [{ token_ids: [1024] }, '/token_ids/0'],
    [{ token_ids: [1], special_tokens: false }, '/special_tokens'],
    [{ messages: [{ role: 'user', content: 'x' }] }, '/messages'],
    [{ text: 'a', layers: [3] }, '/layers/0'],
    [{ text: 'a', layers: [0, -3] }, '/layers'],
    [{ text: 'a', heads: [4] }, '/heads/0'],
    [{ text: 'a', pairs: [[0, 4]] }, '/pairs/0/1'],
    [{ text: 'a', pairs: [[0, 1]], heads: [1] }, '/heads'],
    [{ text: 'a b', rows: [0, 5] }, '/rows/1'],
    [{ text: 'a b', heads: [0], return: ['similarity'] }, '/return'],
    [{ text: 'a', top_keys: { k: 1 } }, '/top_keys'],
  ])('%j', async (body, place) => {
    const answer = await post(body)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().errors[0].path).toBe(place)
  })

  it('a figure of several layers is refused before anything is drawn', async () => {
    expect((await post({ text }, { query: '?format=png' })).json().errors[0].path).toBe('/layers')
  })
})

describe('the probe', () => {
  const probe = (body: object, of = id) =>
    service.app.inject({ method: 'POST', url: `/models/${of}/probe`, payload: body })

  interface Estimate {
    readonly mean: number
    readonly interval: readonly [number, number]
  }

  it('finds the heads that the training made, beside their baselines', async () => {
    const answer = (await probe({})).json()
    expect(answer).toMatchObject({ sequences: 8, length: 25, tokens: 50, seed: 0, confidence: 0.95 })
    const labels = answer.labelled.map(({ label }: { label: string }) => label)
    expect(labels).toContain('previous_token')
    expect(labels).toContain('induction')
    for (const { layer, head, label } of answer.labelled) {
      const { [label]: estimate, label: own } = answer.layers[layer].heads[head]
      const { mean, interval } = estimate as Estimate
      expect(own).toBe(label)
      expect(interval[0]).toBeGreaterThan(4 * answer.layers[layer].uniform[label])
      expect(mean).toBeGreaterThanOrEqual(interval[0])
      expect(mean).toBeLessThanOrEqual(interval[1])
    }
    // Rows 25 to 49 see 26 to 50 keys; of all but the first of them one key is the one behind the earlier same token.
    const rows = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => 1 / (from + i))
    const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length
    const [{ uniform }] = answer.layers
    expect(uniform.induction).toBeCloseTo(mean(rows(26, 50)), 12)
    expect(uniform.duplicate_token).toBeCloseTo(mean(rows(26, 50)), 12)
    expect(uniform.previous_token).toBeCloseTo(mean(rows(2, 50)), 12)
    expect(uniform.first_token).toBeCloseTo(mean(rows(2, 50)), 12)
  })

  it('is the same for the same seed, another for another one, and near the same from the reference', async () => {
    const body = { sequences: 3, length: 10, seed: 5 }
    const [one, again, other, reference] = (
      await Promise.all([
        probe(body),
        probe(body),
        probe({ ...body, seed: 6 }),
        probe({ ...body, engine: 'reference' }),
      ])
    ).map((answer) => answer.json())
    expect(again).toEqual(one)
    expect(other.layers).not.toEqual(one.layers)
    expect(reference.model.backbone).toBe('reference')
    for (const [layer, { heads }] of one.layers.entries())
      for (const [head, { induction }] of heads.entries())
        expect(reference.layers[layer].heads[head].induction.mean).toBeCloseTo(induction.mean, 4)
  })

  it.each([
    [{ length: 129 }, '/length'],
    [{ length: 7 }, '/length'],
    [{ sequences: 1 }, '/sequences'],
    [{ sequences: 101 }, '/sequences'],
    [{ confidence: 1 }, '/confidence'],
    [{ seed: -1 }, '/seed'],
    [{ text: 'a' }, '/text'],
  ])('refuses %j', async (body, place) => {
    const answer = await probe(body)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().errors[0].path).toBe(place)
  })

  it('takes as much as the model does, and knows no model that is not there', async () => {
    expect((await probe({ sequences: 2, length: 128 })).statusCode).toBe(200)
    expect((await probe({}, 'nope')).statusCode).toBe(404)
  })
})
