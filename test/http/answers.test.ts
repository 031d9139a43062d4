import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Service } from '../../src/service.ts'
import { pythonWith, runPython } from '../support/python.ts'
import { startService } from '../support/service.ts'
import { absent } from '../support/skip.ts'

let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())

const everything = [
  'weights',
  'context',
  'summary',
  'input',
  'parameters',
  'queries',
  'keys',
  'values',
  'scores',
  'context_heads',
  'similarity',
]
const request = {
  model: { d_in: 5, d_out: 6, num_heads: 3, qkv_bias: true, seed: 3, dropout: 0.2 },
  input: { randn: [2, 7, 5], seed: 4 },
  return: everything,
}

async function post(body: object, kind = 'multi-head', accept = 'application/json') {
  const answer = await service.app.inject({
    method: 'POST',
    url: `/attention/${kind}`,
    payload: body,
    headers: { accept },
  })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer
}

type Nested = number | null | Nested[]
interface Flat {
  shape: number[]
  data: (number | null)[]
}
interface Binary {
  shape: number[]
  base64: string
}

function shapeOf(nested: Nested): number[] {
  return Array.isArray(nested) ? [nested.length, ...shapeOf(nested[0]!)] : []
}
const flatten = (nested: Nested): (number | null)[] => (Array.isArray(nested) ? nested.flatMap(flatten) : [nested])

const arrays = {
  weights: [2, 3, 7, 7],
  scores: [2, 3, 7, 7],
  context: [2, 7, 6],
  queries: [2, 3, 7, 2],
  keys: [2, 3, 7, 2],
  values: [2, 3, 7, 2],
  context_heads: [2, 3, 7, 2],
} as const

describe('everything that can be returned', () => {
  it('has the shapes of the contract, and nothing that was not asked for', async () => {
    const answer = (await post(request)).json()
    for (const [name, shape] of Object.entries(arrays)) expect(shapeOf(answer[name]), name).toEqual(shape)
    expect(shapeOf(answer.input.values)).toEqual([2, 7, 5])
    for (const measure of ['pearson', 'row_centered_pearson', 'js_divergence'])
      expect(shapeOf(answer.similarity[measure])).toEqual([2, 3, 3])
    expect(Object.keys(answer.parameters)).toEqual([
      'W_query.weight',
      'W_query.bias',
      'W_key.weight',
      'W_key.bias',
      'W_value.weight',
      'W_value.bias',
      'out_proj.weight',
      'out_proj.bias',
    ])
    expect(answer.model).toEqual({
      kind: 'multi-head',
      d_in: 5,
      d_out: 6,
      context_length: 7,
      num_heads: 3,
      head_dim: 2,
      output_dim: 6,
      num_parameters: 150,
      dropout: 0.2,
      qkv_bias: true,
      seed: 3,
    })
    expect(answer.checks).toMatchObject({ max_future_weight: 0, finite: true })
    expect(answer.checks.max_row_sum_error).toBeLessThan(1e-6)
    const bare = (await post({ ...request, return: ['context'] })).json()
    expect(Object.keys(bare)).toEqual(['model', 'input', 'mode', 'context', 'checks', 'engine'])
    expect(Object.keys((await post({ ...request, return: undefined })).json())).toEqual([
      'model',
      'input',
      'mode',
      'weights',
      'context',
      'summary',
      'checks',
      'engine',
    ])
  })

  it('has the same maps where they are asked for alone, which is half the work', async () => {
    for (const kind of ['causal', 'multi-head-wrapper', 'multi-head']) {
      for (const engine of ['reference', 'direct', 'onnxruntime']) {
        const model = { ...request.model, ...(kind === 'causal' ? { num_heads: undefined } : {}) }
        const maps = ['weights', 'scores', ...(kind === 'causal' ? [] : ['similarity'])]
        const ask = async (seed: number, mode: string, names: string[]) =>
          (await post({ ...request, model: { ...model, seed }, engine, mode, return: names }, kind)).json()
        const whole = await ask(90, 'train', [...maps, 'context', 'summary'])
        const alone = await ask(90, 'train', maps)
        const fresh = await ask(91, 'eval', ['weights'])
        const later = await ask(91, 'eval', ['weights', 'parameters', 'context'])
        for (const name of [...maps, 'model']) expect(alone[name], `${kind} ${engine} ${name}`).toEqual(whole[name])
        expect(fresh.weights, `${kind} ${engine}`).toEqual(later.weights)
        expect(fresh.checks).toEqual(later.checks)
      }
    }
  })

  it('is the same numbers nested, flat and in base64, and reads back as the same float32', async () => {
    const nested = (await post(request)).json()
    const flat = (await post({ ...request, tensor_format: 'flat' })).json()
    const binary = (await post({ ...request, tensor_format: 'base64' })).json()
    for (const name of Object.keys(arrays)) {
      const data = flatten(nested[name])
      expect((flat[name] as Flat).shape).toEqual(shapeOf(nested[name]))
      expect((flat[name] as Flat).data).toEqual(data)
      const { base64, shape } = binary[name] as Binary
      expect(shape).toEqual(shapeOf(nested[name]))
      const floats = new Float32Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer)
      expect(floats.length).toBe(data.length)
      data.forEach((value, i) => expect(value === null ? -Infinity : Math.fround(value)).toBe(floats[i]))
    }
  })

  it('gives scores that are null exactly where the mask is, and weights that are their softmax', async () => {
    const { scores, weights, queries, keys } = (await post(request)).json()
    for (let b = 0; b < 2; b++)
      for (let h = 0; h < 3; h++)
        for (let i = 0; i < 7; i++) {
          const row = scores[b][h][i] as (number | null)[]
          expect(row.map((score) => score === null)).toEqual(row.map((_, j) => j > i))
          const exponents = row.map((score) => (score === null ? 0 : Math.exp(score)))
          const sum = exponents.reduce((a, c) => a + c)
          exponents.forEach((exponent, j) => expect(weights[b][h][i][j]).toBeCloseTo(exponent / sum, 6))
          const dot = queries[b][h][i].reduce((total: number, q: number, d: number) => total + q * keys[b][h][0][d], 0)
          expect(row[0]).toBeCloseTo(dot / Math.sqrt(2), 5)
        }
  })

  it('selects heads and query rows of everything that has them', async () => {
    const all = (await post(request)).json()
    const some = (await post({ ...request, heads: [2, 0], rows: [3, 5] })).json()
    const pick = (name: string) => all[name].map((item: number[][][]) => [2, 0].map((head) => item[head]!.slice(3, 6)))
    for (const name of ['weights', 'scores', 'queries', 'context_heads']) expect(some[name], name).toEqual(pick(name))
    for (const name of ['keys', 'values'])
      expect(some[name], name).toEqual(all[name].map((item: unknown[]) => [item[2], item[0]]))
    expect(some.context).toEqual(all.context.map((item: unknown[]) => item.slice(3, 6)))
    expect(some.summary.weights.entropy).toEqual([2, 0].map((head) => all.summary.weights.entropy[head]))
    expect(some.similarity.pearson[1]).toEqual([2, 0].map((a) => [2, 0].map((b) => all.similarity.pearson[1][a][b])))
  })

  it('has null statistics at T = 1', async () => {
    const { weights, context, summary } = (
      await post({ model: { d_in: 3, d_out: 2, num_heads: 2 }, input: { randn: [1, 1, 3] } }, 'multi-head-wrapper')
    ).json()
    expect(weights).toEqual([[[[1]], [[1]]]])
    expect(shapeOf(context)).toEqual([1, 1, 4])
    expect(summary.weights.entropy).toEqual([null, null])
    expect(summary.weights.uniform.entropy).toBeNull()
  })

  it('echoes tokens of any script', async () => {
    const tokens = ['Your', 'שלום', '👩‍👩‍👧', '"quoted"\n', '</script>', '', 'x']
    expect((await post({ ...request, tokens })).json().tokens).toEqual(tokens)
  })
})

describe('inputs and parameters come back in the form they went', () => {
  it('gives the same answer for randn, values, flat data and base64 of the same input', async () => {
    const drawn = (await post(request)).json()
    const data = flatten(drawn.input.values) as number[]
    const base64 = Buffer.from(Float32Array.from(data).buffer).toString('base64')
    for (const input of [{ values: drawn.input.values }, { shape: [2, 7, 5], data }, { shape: [2, 7, 5], base64 }]) {
      const answer = (await post({ ...request, input })).json()
      expect(answer.context).toEqual(drawn.context)
      expect(answer.weights).toEqual(drawn.weights)
    }
    const single = (await post({ ...request, input: { values: drawn.input.values[0] } })).json()
    expect(single.context).toEqual([drawn.context[0]])
  })

  it.each(['causal', 'multi-head-wrapper', 'multi-head'])(
    '%s: its returned parameters, given back as a state dict, give the same answer',
    async (kind) => {
      const { num_heads: _, ...single } = request.model
      const model = kind === 'causal' ? single : request.model
      const names = everything.filter((name) => name !== 'similarity' || kind !== 'causal')
      for (const tensor_format of ['nested', 'flat', 'base64']) {
        const drawn = (await post({ ...request, model, return: names, tensor_format }, kind)).json()
        const { seed: _seed, ...rest } = model
        const given = (
          await post(
            { ...request, model: { ...rest, parameters: drawn.parameters }, return: names, tensor_format },
            kind,
          )
        ).json()
        expect(given.weights).toEqual(drawn.weights)
        expect(given.context).toEqual(drawn.context)
        expect(given.model.seed).toBeUndefined()
      }
    },
  )

  it('leaves texts out of an npz with strings=false', async () => {
    const url = '/attention/causal?d_in=3&d_out=2&randn=1,4,3&format=npz'
    const names = async (query: string) =>
      Object.keys(unzipSync((await service.app.inject({ url: url + query })).rawPayload))
    expect(await names('&strings=true')).toEqual(await names(''))
    expect(await names('&strings=false')).toEqual(['weights.npy', 'context.npy'])
    expect(await names('')).toEqual(expect.arrayContaining(['model.npy', 'summary.npy']))
    const wrong = await service.app.inject({ url: `${url}&strings=no` })
    expect(wrong.json()).toMatchObject({ errors: [{ path: '/strings', message: 'must be true or false' }] })
  })

  it('accepts the causal mask that a state dict carries', async () => {
    const identity = [
      [1, 0],
      [0, 1],
    ]
    const parameters = {
      'W_query.weight': identity,
      'W_key.weight': identity,
      'W_value.weight': identity,
      mask: [
        [0, 1, 1],
        [0, 0, 1],
        [0, 0, 0],
      ],
    }
    const { context } = (
      await post(
        {
          model: { d_in: 2, d_out: 2, context_length: 3, parameters },
          input: {
            values: [
              [1, 0],
              [0, 1],
            ],
          },
        },
        'causal',
      )
    ).json()
    expect(context[0][0]).toEqual([1, 0])
  })

  it('runs on the engine asked for and says so', async () => {
    for (const { name } of service.engines.all) {
      expect((await post({ ...request, engine: name })).json().engine).toMatchObject({ name, device: 'cpu' })
    }
  })
})

describe('the GET form', () => {
  const url =
    '/attention/multi-head?d_in=5&d_out=6&num_heads=3&qkv_bias=true&seed=3&randn=2,7,5&input_seed=4&return=weights,summary'

  it('gives what the POST gives', async () => {
    const link = await service.app.inject({ url })
    const {
      model: { dropout: _, ...model },
      input,
    } = request
    expect(link.json()).toEqual((await post({ model, input, return: ['weights', 'summary'] })).json())
  })

  it('carries a weak ETag over request and form, varies by Accept, answers 304 and HEAD', async () => {
    const first = await service.app.inject({ url })
    const etag = first.headers.etag as string
    expect(etag).toMatch(/^W\/".+"$/)
    expect(first.headers.vary).toMatch(/accept/i)
    const again = await service.app.inject({ url, headers: { 'if-none-match': `"other", ${etag}` } })
    expect(again.statusCode).toBe(304)
    expect(again.body).toBe('')
    expect(again.headers.etag).toBe(etag)
    expect((await service.app.inject({ url: `${url}&seed=4`.replace('seed=3&', '') })).headers.etag).not.toBe(etag)
    expect((await service.app.inject({ url, headers: { accept: 'application/x-npz' } })).headers.etag).not.toBe(etag)
    const head = await service.app.inject({ method: 'HEAD', url })
    expect(head.statusCode).toBe(200)
    expect(head.headers.etag).toBe(etag)
    expect(head.body).toBe('')
  })

  it('takes the form from format= before Accept', async () => {
    const answer = await service.app.inject({ url: `${url}&format=npz`, headers: { accept: 'application/json' } })
    expect(answer.headers['content-type']).toBe('application/x-npz')
  })

  it('reads rows, heads, tokens and the mode', async () => {
    const answer = await service.app.inject({
      url: '/attention/multi-head-wrapper?d_in=3&d_out=2&num_heads=2&randn=1,3,3&rows=1-2&heads=1&tokens=a,b,c&mode=train&dropout=0.5&out_proj=false',
    })
    expect(answer.json()).toMatchObject({
      mode: 'train',
      tokens: ['a', 'b', 'c'],
      model: { dropout: 0.5, out_proj: false, output_dim: 4 },
    })
    expect(shapeOf(answer.json().weights)).toEqual([1, 1, 2, 3])
  })
})

describe('large answers are streamed and whole', () => {
  it('gives JSON that parses, with every number the same as in base64', async () => {
    const large = {
      model: { d_in: 8, d_out: 8, num_heads: 4 },
      input: { randn: [2, 300, 8] },
      return: ['weights', 'scores', 'context'],
    }
    const answer = await post(large)
    expect(answer.headers['content-length']).toBeUndefined()
    const nested = answer.json()
    const binary = (await post({ ...large, tensor_format: 'base64' })).json()
    for (const name of ['weights', 'scores', 'context']) {
      const floats = new Float32Array(new Uint8Array(Buffer.from(binary[name].base64, 'base64')).buffer)
      const data = flatten(nested[name])
      expect(data.length).toBe(floats.length)
      expect(data.every((value, i) => (value === null ? -Infinity : Math.fround(value)) === floats[i])).toBe(true)
    }
  })

  it('gives the same bytes for the same request', async () => {
    for (const accept of ['application/json', 'application/x-npz']) {
      const [a, b] = [await post(request, 'multi-head', accept), await post(request, 'multi-head', accept)]
      expect(a.rawPayload.equals(b.rawPayload)).toBe(true)
    }
  })
})

const python = pythonWith('numpy')
describe.skipIf(absent(python === null, 'Python with NumPy'))('npz, read by NumPy', () => {
  it('holds every array of the JSON answer, bit for bit, and the rest as JSON text', async () => {
    const archive = await post(
      { ...request, tokens: ['a', 'b', 'c', 'd', 'e', 'f', 'é👍'] },
      'multi-head',
      'application/x-npz',
    )
    expect(archive.headers['content-type']).toBe('application/x-npz')
    const json = (await post({ ...request, tokens: ['a', 'b', 'c', 'd', 'e', 'f', 'é👍'] })).json()
    const script = `
import io, json, sys, zipfile, numpy as np
data = sys.stdin.buffer.read()
assert {info.date_time for info in zipfile.ZipFile(io.BytesIO(data)).infolist()} == {(1980, 1, 1, 0, 0, 0)}
archive = np.load(io.BytesIO(data))
print(json.dumps({name: {"dtype": archive[name].dtype.str, "shape": archive[name].shape, "data": archive[name].tolist() if archive[name].shape == () else [None if v == -np.inf else float(v) for v in archive[name].ravel()]} for name in archive.files}))`
    const found = JSON.parse(runPython(python!, script, archive.rawPayload)) as Record<
      string,
      { dtype: string; shape: number[]; data: number[] | string }
    >
    const expected: Record<string, Nested> = {
      ...Object.fromEntries(Object.keys(arrays).map((name) => [name, json[name]])),
      input: json.input.values,
    }
    for (const [name, values] of Object.entries(json.parameters)) expected[`parameters.${name}`] = values as Nested
    for (const [name, values] of Object.entries(json.similarity)) expected[`similarity.${name}`] = values as Nested
    for (const [name, nested] of Object.entries(expected)) {
      expect(found[name], name).toMatchObject({ dtype: '<f4', shape: shapeOf(nested) })
      expect(found[name]!.data).toEqual(flatten(nested).map((value) => (value === null ? null : Math.fround(value))))
    }
    for (const name of ['model', 'summary', 'checks', 'engine', 'tokens', 'mode'])
      expect(JSON.parse(found[name]!.data as string), name).toEqual(json[name])
    expect(Object.keys(found).sort()).toEqual(
      [...Object.keys(expected), 'model', 'summary', 'checks', 'engine', 'tokens', 'mode'].sort(),
    )
  })
})

it('HEAD of a long answer ends without a fault: nothing is taken from the encoder before it has read all', async () => {
  const faults: unknown[] = []
  const watched = await startService()
  watched.app.addHook('onRequest', (_request, reply, done) => {
    reply.log.error = (...fault: unknown[]) => void faults.push(fault)
    done()
  })
  try {
    for (const form of ['json', 'npz']) {
      const answer = await watched.app.inject({
        method: 'HEAD',
        url: `/attention/multi-head?d_in=64&d_out=64&num_heads=8&randn=1,400,64&return=weights&format=${form}`,
      })
      expect(answer.statusCode).toBe(200)
      expect(answer.body).toBe('')
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    expect(faults).toEqual([])
  } finally {
    await watched.close()
  }
})
