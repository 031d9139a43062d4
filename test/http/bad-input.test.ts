import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { catalogue } from '../../src/errors.ts'
import type { ProblemDocument } from '../../src/errors.ts'
import type { Service } from '../../src/service.ts'
import { startService } from '../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await startService({ BODY_LIMIT: '1', MEMORY_LIMIT: '64' })
})
afterAll(() => service.close())

const model = { d_in: 4, d_out: 4 }
const input = { randn: [1, 3, 4] }
const good = { model, input }
const heads = { ...good, model: { ...model, num_heads: 2 } }
const values = [
  [
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ],
]
const base64 = (numbers: number[]): string => Buffer.from(Float32Array.from(numbers).buffer).toString('base64')

async function post(body: unknown, path = '/attention/causal', headers: Record<string, string> = {}) {
  const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  return service.app.inject({
    method: 'POST',
    url: path,
    payload,
    headers: { 'content-type': 'application/json', ...headers },
  })
}

function expectProblem(
  answer: { statusCode: number; headers: Record<string, unknown>; body: string },
  status: number,
  path?: string,
): ProblemDocument {
  expect(answer.headers['content-type']).toBe('application/problem+json')
  const problem = JSON.parse(answer.body) as ProblemDocument
  expect(problem, answer.body).toMatchObject({
    status,
    type: `/problems/${problem.code}`,
    instance: answer.headers['x-request-id'],
  })
  expect(answer.statusCode).toBe(status)
  expect(catalogue[problem.code].status).toBe(status)
  if (path !== undefined)
    expect(
      problem.errors?.map((place) => place.path),
      answer.body,
    ).toContain(path)
  expect(answer.body).not.toMatch(/node_modules|\.ts:\d|ajv|fastify/i)
  return problem
}

describe('a body that is wrong in one place is 400 and names it', () => {
  const parameters = {
    'W_query.weight': [
      [1, 0],
      [0, 1],
    ],
    'W_key.weight': [
      [1, 0],
      [0, 1],
    ],
    'W_value.weight': [
      [1, 0],
      [0, 1],
    ],
  }
  const withParameters = (changes: object, more: object = {}) => ({
    model: { d_in: 2, d_out: 2, parameters: { ...parameters, ...changes }, ...more },
    input: { randn: [1, 2, 2] },
  })
  const cases: [name: string, path: string, body: unknown, place: string][] = [
    ['an array instead of an object', 'causal', [], ''],
    ['null', 'causal', 'null', ''],
    ['no model', 'causal', { input }, '/model'],
    ['no input', 'causal', { model }, '/input'],
    ['an unknown key', 'causal', { ...good, extra: 1 }, '/extra'],
    ['an unknown key of the model', 'causal', { ...good, model: { ...model, heads: 2 } }, '/model/heads'],
    ['num_heads for causal', 'causal', heads, '/model/num_heads'],
    [
      'out_proj for multi-head',
      'multi-head',
      { ...heads, model: { ...heads.model, out_proj: true } },
      '/model/out_proj',
    ],
    ['no num_heads', 'multi-head', good, '/model/num_heads'],
    ['a string for a number', 'causal', { ...good, model: { ...model, d_in: '4' } }, '/model/d_in'],
    ['null for a number', 'causal', { ...good, model: { ...model, d_in: null } }, '/model/d_in'],
    ['zero width', 'causal', { ...good, model: { ...model, d_out: 0 } }, '/model/d_out'],
    ['a broken width', 'causal', { ...good, model: { ...model, d_out: 1.5 } }, '/model/d_out'],
    ['a width beyond any shape', 'causal', { ...good, model: { ...model, d_out: 1e300 } }, '/model/d_out'],
    [
      'd_out no multiple of num_heads',
      'multi-head',
      { ...heads, model: { ...heads.model, num_heads: 3 } },
      '/model/d_out',
    ],
    ['dropout of 1', 'causal', { ...good, model: { ...model, dropout: 1 } }, '/model/dropout'],
    ['negative dropout', 'causal', { ...good, model: { ...model, dropout: -0.1 } }, '/model/dropout'],
    ['a negative seed', 'causal', { ...good, model: { ...model, seed: -1 } }, '/model/seed'],
    ['a seed beyond 2^53 - 1', 'causal', { ...good, model: { ...model, seed: 2 ** 53 } }, '/model/seed'],
    [
      'a sequence longer than the context',
      'causal',
      { ...good, model: { ...model, context_length: 2 } },
      '/model/context_length',
    ],
    ['an input of another width', 'causal', { ...good, input: { randn: [1, 3, 5] } }, '/input/randn'],
    ['values of another width', 'causal', { ...good, input: { values: [[1, 2, 3]] } }, '/input/values'],
    ['two inputs', 'causal', { ...good, input: { randn: [1, 3, 4], values } }, '/input'],
    ['no input in the input', 'causal', { ...good, input: {} }, '/input'],
    ['an unknown key of the input', 'causal', { ...good, input: { ...input, noise: 1 } }, '/input/noise'],
    ['a seed for values', 'causal', { ...good, input: { values, seed: 1 } }, '/input/seed'],
    ['randn of two lengths', 'causal', { ...good, input: { randn: [3, 4] } }, '/input/randn'],
    ['randn with a zero', 'causal', { ...good, input: { randn: [0, 3, 4] } }, '/input/randn/0'],
    ['randn with a string', 'causal', { ...good, input: { randn: [1, '3', 4] } }, '/input/randn/1'],
    ['a broken advance', 'causal', { ...good, input: { ...input, advance: 0.5 } }, '/input/advance'],
    [
      'a ragged array',
      'causal',
      {
        ...good,
        input: {
          values: [
            [
              [1, 2, 3, 4],
              [1, 2, 3],
            ],
          ],
        },
      },
      '/input/values/0/1',
    ],
    [
      'a number where a row should be',
      'causal',
      { ...good, input: { values: [[[1, 2, 3, 4], 5]] } },
      '/input/values/0/1',
    ],
    [
      'a row where a number should be',
      'causal',
      { ...good, input: { values: [[[1, 2, 3, [4]]]] } },
      '/input/values/0/0/3',
    ],
    ['a null among the values', 'causal', { ...good, input: { values: [[[1, 2, null, 4]]] } }, '/input/values/0/0/2'],
    ['a string among the values', 'causal', { ...good, input: { values: [[[1, 2, '3', 4]]] } }, '/input/values/0/0/2'],
    ['true among the values', 'causal', { ...good, input: { values: [[[1, 2, true, 4]]] } }, '/input/values/0/0/2'],
    [
      'a number that float32 cannot hold',
      'causal',
      { ...good, input: { values: [[[1, 2, 3.5e38, 4]]] } },
      '/input/values/0/0/2',
    ],
    [
      'a number that no float can hold',
      'causal',
      '{"model":{"d_in":4,"d_out":4},"input":{"values":[[[1,2,3,1e400]]]}}',
      '/input/values/0/0/3',
    ],
    ['empty values', 'causal', { ...good, input: { values: [] } }, '/input/values'],
    ['empty rows', 'causal', { ...good, input: { values: [[[]]] } }, '/input/values/0/0'],
    ['values of one axis', 'causal', { ...good, input: { values: [1, 2, 3, 4] } }, '/input/values'],
    ['values of six axes', 'causal', { ...good, input: { values: [[[[[[1]]]]]] } }, '/input/values'],
    ['values as a string', 'causal', { ...good, input: { values: '1,2,3,4' } }, '/input/values'],
    ['flat data of another length', 'causal', { ...good, input: { shape: [1, 2, 4], data: [1, 2, 3] } }, '/input/data'],
    ['flat data without a shape', 'causal', { ...good, input: { data: [1, 2, 3, 4] } }, '/input/shape'],
    ['a negative length', 'causal', { ...good, input: { shape: [1, -2, 4], data: [] } }, '/input/shape/1'],
    [
      'a shape whose product overflows',
      'causal',
      { ...good, input: { shape: [2 ** 31, 2 ** 31, 2 ** 31], data: [] } },
      '/input/data',
    ],
    [
      'base64 of another length',
      'causal',
      { ...good, input: { shape: [1, 2, 4], base64: base64([1, 2, 3]) } },
      '/input/base64',
    ],
    ['base64 that is none', 'causal', { ...good, input: { shape: [1, 1, 4], base64: '!!!!' } }, '/input/base64'],
    [
      'a NaN in base64',
      'causal',
      { ...good, input: { shape: [1, 1, 4], base64: base64([1, NaN, 3, 4]) } },
      '/input/base64',
    ],
    [
      'an infinity in base64',
      'causal',
      { ...good, input: { shape: [1, 1, 4], base64: base64([1, Infinity, 3, 4]) } },
      '/input/base64',
    ],
    ['an unknown mode', 'causal', { ...good, mode: 'test' }, '/mode'],
    ['an unknown engine', 'causal', { ...good, engine: 'magic' }, '/engine'],
    ['an unknown name to return', 'causal', { ...good, return: ['weights', 'gradients'] }, '/return/1'],
    ['nothing to return', 'causal', { ...good, return: [] }, '/return'],
    ['similarity of one head', 'causal', { ...good, return: ['similarity'] }, '/return'],
    ['a head that is not there', 'multi-head', { ...heads, heads: [0, 2] }, '/heads/1'],
    ['the same head twice', 'multi-head', { ...heads, heads: [1, 1] }, '/heads'],
    ['rows beyond the sequence', 'causal', { ...good, rows: [0, 3] }, '/rows/1'],
    ['rows the wrong way round', 'causal', { ...good, rows: [2, 1] }, '/rows/0'],
    ['one row bound', 'causal', { ...good, rows: [1] }, '/rows'],
    ['an unknown tensor format', 'causal', { ...good, tensor_format: 'csv' }, '/tensor_format'],
    ['too few tokens', 'causal', { ...good, tokens: ['a'] }, '/tokens'],
    ['a number as a token', 'causal', { ...good, tokens: ['a', 2, 'c'] }, '/tokens/1'],
    ['a dropout seed without parameters', 'causal', { ...good, dropout_seed: 1 }, '/dropout_seed'],
    ['a seed beside parameters', 'causal', withParameters({}, { seed: 1 }), '/model/seed'],
    [
      'a missing parameter',
      'causal',
      {
        model: {
          d_in: 2,
          d_out: 2,
          parameters: {
            'W_query.weight': [
              [1, 0],
              [0, 1],
            ],
          },
        },
        input: { randn: [1, 2, 2] },
      },
      '/model/parameters/W_key.weight',
    ],
    ['an unknown parameter', 'causal', withParameters({ 'W_extra.weight': [[1]] }), '/model/parameters/W_extra.weight'],
    ['a bias without qkv_bias', 'causal', withParameters({ 'W_key.bias': [0, 0] }), '/model/parameters/W_key.bias'],
    [
      'a parameter of another shape',
      'causal',
      withParameters({
        'W_key.weight': [
          [1, 0, 0],
          [0, 1, 0],
        ],
      }),
      '/model/parameters/W_key.weight',
    ],
    [
      'a mask that is not causal',
      'causal',
      withParameters({
        mask: [
          [0, 0],
          [1, 0],
        ],
      }),
      '/model/parameters/mask',
    ],
    ['a mask of another size', 'causal', withParameters({ mask: [[0]] }), '/model/parameters/mask'],
    [
      'parameters as an array',
      'causal',
      { model: { d_in: 2, d_out: 2, parameters: [] }, input: { randn: [1, 2, 2] } },
      '/model/parameters',
    ],
    [
      'a tensor with a stray key',
      'causal',
      withParameters({ 'W_key.weight': { shape: [2, 2], data: [1, 0, 0, 1], dtype: 'f4' } }),
      '/model/parameters/W_key.weight/dtype',
    ],
    [
      'a tensor with data and base64',
      'causal',
      withParameters({ 'W_key.weight': { shape: [2, 2], data: [1, 0, 0, 1], base64: '' } }),
      '/model/parameters/W_key.weight',
    ],
    ['a key that is a path', 'causal', { ...good, 'a/b~c': 1 }, '/a~1b~0c'],
  ]
  it.each(cases)('%s', async (_name, kind, body, place) => {
    const problem = expectProblem(await post(body, `/attention/${kind}`), 400, place)
    expect(problem.code).toMatch(/^invalid-|^engine-not-enabled/)
  })

  it('an engine that exists but is not enabled', async () => {
    const problem = expectProblem(await post({ ...good, engine: 'tensorflow' }), 400, '/engine')
    expect(problem.code).toBe('engine-not-enabled')
  })

  it('a name that is not known is told the known ones', async () => {
    const { errors } = expectProblem(await post({ ...good, engine: 'magic', return: ['wieghts'] }), 400)
    const message = (path: string): string | undefined => errors!.find((place) => place.path === path)?.message
    expect(message('/engine')).toBe('must be one of reference, direct, onnxruntime, tensorflow')
    expect(message('/return/0')).toMatch(/^must be one of .*\bweights, /)
  })

  it('several places at once', async () => {
    const problem = expectProblem(await post({ model: { d_in: '4', d_out: 0 }, input, mode: 1 }), 400)
    expect(problem.errors!.map((place) => place.path).sort()).toEqual(['/mode', '/model/d_in', '/model/d_out'])
  })
})

describe('a body that is not JSON is 400', () => {
  it.each([
    ['empty', ''],
    ['cut off', '{"model":'],
    ['NaN', '{"model":{"d_in":NaN,"d_out":4},"input":{"randn":[1,3,4]}}'],
    ['two values', '{}{}'],
    ['__proto__', '{"model":{"d_in":4,"d_out":4,"__proto__":{"x":1}},"input":{"randn":[1,3,4]}}'],
    ['constructor.prototype', '{"model":{"d_in":4,"d_out":4},"constructor":{"prototype":{"x":1}}}'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ])('%s', async (_name, body) => {
    expect(expectProblem(await post(body), 400, '').code).toBe('invalid-json')
  })

  it('100,000 arrays deep, in values, in parameters and alone', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    expectProblem(await post(deep), 400)
    expectProblem(await post(`{"model":{"d_in":4,"d_out":4},"input":{"values":${deep}}}`), 400, '/input/values')
    expectProblem(
      await post(`{"model":{"d_in":4,"d_out":4,"parameters":{"W_key.weight":${deep}}},"input":{"randn":[1,3,4]}}`),
      400,
    )
    expectProblem(await post(`{"model":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`), 400)
  })
})

describe('protocol', () => {
  it('404 for an unknown address, with a problem document', async () => {
    const answer = await service.app.inject({ url: '/attention/nothing' })
    expect(expectProblem(answer, 404).code).toBe('not-found')
  })

  it.each([
    ['PUT', '/attention/causal', 'GET, HEAD, POST'],
    ['DELETE', '/engines', 'GET, HEAD'],
    ['POST', '/health/ready', 'GET, HEAD'],
  ] as const)('405 with Allow: %s %s', async (method, url, allow) => {
    const answer = await service.app.inject({ method, url })
    expectProblem(answer, 405)
    expect(answer.headers.allow).toBe(allow)
  })

  it('406 for a type that cannot be made, before anything is computed', async () => {
    expectProblem(await post(good, '/attention/causal', { accept: 'application/pdf' }), 406)
    expectProblem(await post(good, '/attention/causal', { accept: 'application/json;q=0' }), 406)
  })

  it('415 for another media type or encoding', async () => {
    expectProblem(
      await post('d_in=4', '/attention/causal', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
    )
    expectProblem(await post(good, '/attention/causal', { 'content-encoding': 'lzma' }), 415)
  })

  it('413 by decoded bytes', async () => {
    const large = JSON.stringify({ ...good, tokens: ['x'.repeat(2 ** 20)] })
    expect(expectProblem(await post(large), 413).code).toBe('body-too-large')
    const { gzipSync } = await import('node:zlib')
    const bomb = gzipSync(large)
    expect(bomb.length).toBeLessThan(10_000)
    expect(expectProblem(await post(bomb, '/attention/causal', { 'content-encoding': 'gzip' }), 413).code).toBe(
      'body-too-large',
    )
  })

  it('a compressed body is read, a broken one is 400', async () => {
    const { gzipSync, brotliCompressSync, deflateSync, zstdCompressSync } = await import('node:zlib')
    const text = JSON.stringify(good)
    for (const [encoding, bytes] of [
      ['gzip', gzipSync(text)],
      ['br', brotliCompressSync(text)],
      ['deflate', deflateSync(text)],
      ['zstd', zstdCompressSync(text)],
    ] as const) {
      expect((await post(bytes, '/attention/causal', { 'content-encoding': encoding })).statusCode, encoding).toBe(200)
    }
    expectProblem(await post('not gzip', '/attention/causal', { 'content-encoding': 'gzip' }), 400)
  })

  it('413 by estimate, decided before memory is taken', async () => {
    const before = process.memoryUsage().rss
    for (const randn of [
      [1, 2 ** 30, 4],
      [2 ** 31 - 1, 2 ** 31 - 1, 4],
    ]) {
      const problem = expectProblem(await post({ model, input: { randn } }), 413)
      expect(problem.code).toBe('request-too-large')
      expect(problem.limit_bytes).toBe(64 * 2 ** 20)
      expect(problem.estimated_bytes as number).toBeGreaterThan(64 * 2 ** 20)
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20)
  })

  it('wrong values are 400 before any estimate of size', async () => {
    expectProblem(
      await post({ model: { ...model, dropout: 2 }, input: { randn: [1, 2 ** 30, 4] } }),
      400,
      '/model/dropout',
    )
  })

  it('takes a well-formed request id over and refuses to echo another', async () => {
    const own = await post(good, '/attention/causal', { 'x-request-id': 'my-id.1' })
    expect(own.headers['x-request-id']).toBe('my-id.1')
    const odd = await post(good, '/attention/causal', { 'x-request-id': 'a b"<script>' })
    expect(odd.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('the GET form is checked like a body, by the names of its parameters', () => {
  const ok = 'd_in=4&d_out=4&randn=1,3,4'
  it.each([
    ['', ''],
    ['d_in=4&d_out=4', '/randn'],
    [`${ok}&nonsense=1`, '/nonsense'],
    [`${ok}&d_in=5`, '/d_in'],
    ['d_in=x&d_out=4&randn=1,3,4', '/d_in'],
    ['d_in=4&d_out=4&randn=1,3', '/randn'],
    ['d_in=4&d_out=4&randn=1,3,x', '/randn/2'],
    [`${ok}&qkv_bias=yes`, '/qkv_bias'],
    [`${ok}&input_seed=-1`, '/input_seed'],
    [`${ok}&rows=2-1`, '/rows/0'],
    [`${ok}&format=pdf`, '/format'],
    [`${ok}&tokens=a,b`, '/tokens'],
    [`${ok}&return=weights,magic`, '/return/1'],
  ])('%s', async (query, place) => {
    expectProblem(await service.app.inject({ url: `/attention/causal?${query}` }), 400, place)
  })
})
