import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import papaparse from 'papaparse'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProblemDocument } from '../../src/errors.ts'
import type { Service } from '../../src/service.ts'
import { startService } from '../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await startService({ MAX_SEEDS: '50000' })
})
afterAll(() => service.close())

async function post(kind: 'bias' | 'heads', body: unknown, headers: Record<string, string> = {}, query = '') {
  return service.app.inject({
    method: 'POST',
    url: `/experiments/${kind}${query}`,
    payload: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
}

const few = { seeds: { first: 3, count: 4 } }

describe('the report', () => {
  it("answers an empty object with the study's configuration, its defaults filled in", async () => {
    const bias = (await post('bias', {})).json()
    expect(bias.config).toEqual({
      model: { d_in: 20, d_out: 16, dropout: 0.1 },
      input: { batch: 5, seq_len: 8 },
      seeds: { first: 0, count: 400 },
      arms: ['none', 'q', 'k', 'v', 'qkv'],
      pairing: 'parameters',
      confidence: 0.95,
      margin: 0.05,
    })
    expect(Object.keys(bias)).toEqual([
      'experiment',
      'config',
      'unit',
      'seeds',
      'arms',
      'comparisons',
      'claims',
      'invariants',
      'notebook',
      'cautions',
      'engine',
    ])
    const heads = (await post('heads', {})).json()
    expect(heads.config.model).toEqual({ d_in: 4, d_out: 4, dropout: 0.1, num_heads: [2, 4] })
    expect(heads.notebook.head_correlation).toBeCloseTo(0.9567, 4)
    expect(Object.keys(heads.similarity)).toEqual(['pearson', 'row_centered_pearson', 'js_divergence'])
    expect(Object.keys(heads.similarity.pearson.null)).toEqual(['draws', 'mean', 'sd', 'percentile'])
    expect([...bias.claims, ...heads.claims].map(({ id }: { id: string }) => id)).toEqual([
      'bias-more-uniform',
      'no-bias-sharper-peaks',
      'bias-wider-context',
      'bias-content-independent-prior',
      'heads-redundant',
      'contexts-identical',
      'more-heads-no-better',
      'small-head-dim-limits',
    ])
  })

  it('names everything as the contract does, on the wire and in values', async () => {
    const { arms, comparisons, claims, invariants, engine } = (await post('bias', few)).json()
    expect(Object.keys(arms[0].statistics)).toEqual([
      'entropy',
      'normalized_entropy',
      'max_weight',
      'distance',
      'previous_token',
      'first_token',
      'diagonal',
      'kl_from_uniform',
      'context_range',
      'key_preference_share',
    ])
    expect(Object.keys(arms[0].statistics.entropy)).toEqual(['mean', 'sd', 'confidence_interval', 'method'])
    expect(Object.keys(comparisons[0])).toEqual([
      'arm',
      'baseline',
      'statistic',
      'mean_difference',
      'confidence_interval',
      'method',
      'effect_size_dz',
      'share_positive',
      'seeds_for_80_percent_power',
      'equal_up_to_rounding',
    ])
    expect(claims[0]).toMatchObject({ id: 'bias-more-uniform', statistic: 'normalized_entropy' })
    expect(Object.keys(invariants[0])).toEqual(['id', 'statement', 'max_deviation', 'tolerance', 'holds'])
    expect(engine.name).toBe('direct')
    expect(JSON.stringify([arms, comparisons, claims])).not.toMatch(/"[a-z]+[A-Z]/)
  })

  it('is the same bytes for the same request, and engines agree', async () => {
    const [a, b] = [await post('heads', few), await post('heads', few)]
    expect(a.body).toBe(b.body)
    const reference = (await post('heads', { ...few, engine: 'reference' })).json()
    expect(reference.engine.name).toBe('reference')
    const direct = a.json()
    direct.claims.forEach((claim: { effect: number }, i: number) =>
      expect(claim.effect).toBeCloseTo(reference.claims[i].effect, 5),
    )
  })

  it('takes given values in every form', async () => {
    const values = [
      [0.5, -1, 0.25],
      [1, 2, -0.5],
    ]
    const data = values.flat()
    const base64 = Buffer.from(Float32Array.from(data).buffer).toString('base64')
    const bodies = [{ values }, { values: [values] }, { shape: [1, 2, 3], data }, { shape: [2, 3], base64 }].map(
      (input) => ({ model: { d_in: 3, d_out: 4 }, input, ...few }),
    )
    const answers = await Promise.all(bodies.map(async (body) => (await post('bias', body)).body))
    expect(new Set(answers).size).toBe(1)
    expect(JSON.parse(answers[0]!).config.input).toEqual({ values: { shape: [1, 2, 3] } })
  })
})

describe('the rows', () => {
  const wanted = { ...few, return: ['report', 'rows'] }

  it('come with the report or alone: one record a seed and arm', async () => {
    const { rows, arms, claims } = (await post('bias', wanted)).json()
    expect(rows.length).toBe(4 * 5)
    expect(rows.map(({ seed, arm }: { seed: number; arm: string }) => `${seed} ${arm}`).slice(3, 7)).toEqual([
      '3 v',
      '3 qkv',
      '4 none',
      '4 q',
    ])
    expect(Object.keys(rows[0])).toEqual(['seed', 'arm', ...Object.keys(arms[0].statistics)])
    const of = (arm: string): number[] =>
      rows
        .filter((row: { arm: string }) => row.arm === arm)
        .map((row: { normalized_entropy: number }) => row.normalized_entropy)
    const mean =
      of('qkv')
        .map((value, i) => value - of('none')[i]!)
        .reduce((a, b) => a + b) / 4
    expect(claims[0].effect).toBeCloseTo(mean, 12)
    expect(Object.keys((await post('bias', { ...few, return: ['rows'] })).json())).toEqual([
      'experiment',
      'config',
      'unit',
      'seeds',
      'engine',
      'rows',
    ])
  })

  it('are the same as text/csv, which a spreadsheet library reads', async () => {
    const body = { model: { num_heads: [1, 4] }, ...few, return: ['rows'] }
    const { rows } = (await post('heads', body)).json()
    for (const answer of [
      await post('heads', body, { accept: 'text/csv' }),
      await post('heads', body, {}, '?format=csv'),
    ]) {
      expect(answer.headers['content-type']).toMatch(/^text\/csv/)
      expect(answer.headers.vary).toContain('Accept')
      const text = answer.body
      expect(text.endsWith('\r\n')).toBe(true)
      expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
      const { data, errors } = papaparse.parse<Record<string, unknown>>(text, {
        header: true,
        dynamicTyping: true,
        skipEmptyLines: true,
      })
      expect(errors).toEqual([])
      expect(data).toEqual(rows) // empty fields read as null
      expect(rows[0].pearson).toBeNull()
    }
  })

  it('are many when there are many seeds', async () => {
    const answer = await post('heads', { seeds: { first: 0, count: 2000 }, return: ['rows'] }, { accept: 'text/csv' })
    const { data } = papaparse.parse<Record<string, unknown>>(answer.body, { header: true, skipEmptyLines: true })
    expect(data.length).toBe(6000)
    expect(new Set(data.map(({ seed }) => seed)).size).toBe(2000)
    const json = (await post('heads', { seeds: { first: 0, count: 2000 }, return: ['rows'] })).json()
    expect(json.rows.length).toBe(6000)
    expect(String(json.rows[4321].entropy)).toBe(data[4321]!.entropy)
  })
})

describe('figures', () => {
  it.each([
    ['application/vnd.vegalite.v6+json', 'vegalite', '{'],
    ['image/svg+xml', 'svg', '<svg'],
    ['image/png', 'png', '\ufffdPNG'],
  ])('%s', async (type, format, start) => {
    for (const answer of [
      await post('heads', few, { accept: type }),
      await post('heads', few, {}, `?format=${format}`),
    ]) {
      expect(answer.statusCode).toBe(200)
      expect(answer.headers['content-type']).toContain(type)
      expect(answer.body.startsWith(start)).toBe(true)
    }
  })
})

describe('what is refused', () => {
  const cases: [name: string, kind: 'bias' | 'heads', body: unknown, place: string][] = [
    ['an array', 'bias', [], ''],
    ['null', 'bias', null, ''],
    ['an unknown key', 'bias', { trials: 3 }, '/trials'],
    ['an unknown key of the model', 'bias', { model: { num_heads: [2] } }, '/model/num_heads'],
    ['arms of the heads', 'heads', { arms: ['none'] }, '/arms'],
    ['an unknown arm', 'bias', { arms: ['none', 'o'] }, '/arms/1'],
    ['no arm', 'bias', { arms: [] }, '/arms'],
    ['an arm twice', 'bias', { arms: ['q', 'q'] }, '/arms'],
    ['an unknown pairing', 'bias', { pairing: 'seeds' }, '/pairing'],
    ['a string for a number', 'bias', { confidence: '0.95' }, '/confidence'],
    ['a confidence of 1', 'bias', { confidence: 1 }, '/confidence'],
    ['a margin of 0', 'heads', { margin: 0 }, '/margin'],
    ['a null', 'heads', { margin: null }, '/margin'],
    ['one number of heads', 'heads', { model: { num_heads: [2] } }, '/model/num_heads'],
    ['numbers of heads that repeat', 'heads', { model: { num_heads: [2, 2] } }, '/model/num_heads'],
    ['heads that do not divide d_out', 'heads', { model: { num_heads: [2, 3] } }, '/model/num_heads/1'],
    ['no seeds', 'bias', { seeds: { count: 0 } }, '/seeds/count'],
    ['a list of no seeds', 'bias', { seeds: { list: [] } }, '/seeds/list'],
    ['a seed twice', 'bias', { seeds: { list: [4, 8, 4] } }, '/seeds/list/2'],
    ['seeds that draw the same', 'bias', { pairing: 'notebook', seeds: { list: [1, 1 + 2 ** 32] } }, '/seeds/list/1'],
    ['a negative seed', 'bias', { seeds: { list: [-1] } }, '/seeds/list/0'],
    ['half a seed', 'bias', { seeds: { first: 0.5 } }, '/seeds/first'],
    ['a null in the list', 'bias', { seeds: { list: [null] } }, '/seeds/list/0'],
    ['a list and a range', 'bias', { seeds: { first: 0, list: [1] } }, '/seeds/first'],
    ['an unknown key of the seeds', 'bias', { seeds: { from: 1 } }, '/seeds/from'],
    ['seeds beyond the greatest', 'bias', { seeds: { first: 2 ** 53 - 2, count: 3 } }, '/seeds/count'],
    ['a batch of none', 'heads', { input: { batch: 0 } }, '/input/batch'],
    ['values beside sizes', 'heads', { input: { batch: 1, values: [[1, 2, 3, 4]] } }, '/input/batch'],
    ['values of another width', 'heads', { input: { values: [[1, 2, 3]] } }, '/input/values'],
    ['ragged values', 'heads', { input: { values: [[1, 2, 3, 4], [1]] } }, '/input/values/1'],
    ['a value that float32 cannot hold', 'heads', { input: { values: [[1, 2, 3, 1e39]] } }, '/input/values/0/3'],
    ['something else to return', 'bias', { return: ['weights'] }, '/return/0'],
    ['a dropout of 1', 'bias', { model: { dropout: 1 } }, '/model/dropout'],
  ]
  it.each(cases)('%s: 400, and where', async (_, kind, body, place) => {
    const answer = await post(kind, body)
    const problem = answer.json() as ProblemDocument
    expect(problem, answer.body).toMatchObject({ status: 400, code: 'invalid-request' })
    expect(
      problem.errors!.map(({ path }) => path),
      answer.body,
    ).toContain(place)
  })

  it('a form that there is not, by Accept and by name, and an unknown parameter', async () => {
    expect((await post('bias', few, { accept: 'application/x-npz' })).statusCode).toBe(406)
    expect((await post('bias', few, {}, '?format=npz')).json()).toMatchObject({
      status: 400,
      errors: [{ path: '/format' }],
    })
    expect((await post('bias', few, {}, '?figure=weights')).json()).toMatchObject({
      status: 400,
      errors: [{ path: '/figure' }],
    })
  })

  it.each([
    ['too many seeds', 'bias', { seeds: { count: 50_001 } }, /MAX_SEEDS/],
    [
      'too much work',
      'heads',
      { model: { d_in: 512, d_out: 512 }, input: { batch: 8, seq_len: 256 }, seeds: { count: 5000 } },
      /operations/,
    ],
  ] as const)('%s: 413 with the estimate and the limit, at once', async (_, kind, body, words) => {
    const answer = await post(kind, body)
    const problem = answer.json()
    expect(problem).toMatchObject({ status: 413, code: 'work-too-large' })
    expect(problem.detail).toMatch(words)
    expect(problem.estimated_work).toBeGreaterThan(problem.limit_work)
  })

  it('a size that no memory holds: 413 before anything is taken', async () => {
    const answer = await post('bias', { model: { d_in: 2 ** 31 - 1, d_out: 2 ** 31 - 1 }, seeds: { count: 1 } })
    expect(answer.statusCode).toBe(413)
  })

  it('an engine that is not enabled', async () => {
    expect((await post('bias', { engine: 'tensorflow' })).json()).toMatchObject({
      status: 400,
      code: 'engine-not-enabled',
    })
  })
})

describe('a long experiment', () => {
  const long = JSON.stringify({ seeds: { first: 0, count: 40_000 } })

  it('ends at its deadline', async () => {
    const answer = await post('bias', JSON.parse(long), { 'request-timeout': '0.2' })
    expect(answer.json()).toMatchObject({ status: 504, code: 'deadline-exceeded' })
  })

  it('lets other requests go first, and stops when its client leaves', async () => {
    const engine = service.engines.named('direct')
    const { run } = engine
    let runs = 0
    engine.run = (problem, wanted) => {
      runs++
      return run(problem, wanted)
    }
    await service.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = service.app.server.address() as AddressInfo
    let answered = false
    const leaving = httpRequest(
      {
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/experiments/bias',
        headers: { 'content-type': 'application/json' },
      },
      () => {
        answered = true
      },
    )
    const gone = new Promise((resolve) => leaving.once('error', resolve))
    leaving.end(long)
    while (runs < 100) await new Promise((resolve) => setTimeout(resolve, 10))
    const other = await fetch(`http://127.0.0.1:${port}/attention/causal?d_in=3&d_out=2&randn=1,3,3`)
    expect(other.status).toBe(200)
    expect(answered).toBe(false) // the experiment, which takes many seconds, goes on
    expect(runs).toBeLessThan(40_000)
    leaving.destroy()
    await gone
    const short = await fetch(`http://127.0.0.1:${port}/experiments/heads`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(few),
    })
    expect(short.status).toBe(200)
    const atRest = runs
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(runs).toBe(atRest)
    engine.run = run
  })
})
