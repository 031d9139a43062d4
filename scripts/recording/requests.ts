/** Requests of every class, form, return, selection, engine, figure, experiment and kind of error, each with a name. */
export interface RecordedRequest {
  readonly name: string
  readonly method: 'GET' | 'POST' | 'HEAD'
  readonly url: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

type Json = Readonly<Record<string, unknown>>

interface Class {
  readonly kind: string
  readonly name: string
  readonly model: Json
  /** A state dict for it, (name, shape) by PyTorch's names. */
  readonly parameters: readonly (readonly [name: string, shape: readonly number[]])[]
}

const linear = (name: string, out: number, inputs: number) => [
  [`${name}.weight`, [out, inputs]] as const,
  [`${name}.bias`, [out]] as const,
]
const qkv = (prefix: string, out: number, inputs: number) =>
  ['W_query', 'W_key', 'W_value'].flatMap((name) => linear(prefix + name, out, inputs))

const classes: readonly Class[] = [
  {
    kind: 'causal',
    name: 'causal',
    model: { d_in: 5, d_out: 4, qkv_bias: true },
    parameters: qkv('', 4, 5),
  },
  {
    kind: 'multi-head-wrapper',
    name: 'wrapper',
    model: { d_in: 5, d_out: 3, num_heads: 3, qkv_bias: true },
    parameters: [...[0, 1, 2].flatMap((head) => qkv(`heads.${head}.`, 3, 5)), ...linear('out_proj', 9, 9)],
  },
  {
    kind: 'multi-head-wrapper',
    name: 'wrapper-bare',
    model: { d_in: 5, d_out: 3, num_heads: 2, out_proj: false, qkv_bias: true },
    parameters: [0, 1].flatMap((head) => qkv(`heads.${head}.`, 3, 5)),
  },
  {
    kind: 'multi-head',
    name: 'multi-head',
    model: { d_in: 5, d_out: 8, num_heads: 4, qkv_bias: true },
    parameters: [...qkv('', 8, 5), ...linear('out_proj', 8, 8)],
  },
]

const returns = [
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
const everythingOf = ({ kind }: Class): string[] => returns.filter((name) => kind !== 'causal' || name !== 'similarity')
const formats = ['nested', 'flat', 'base64']
const media = {
  json: 'application/json',
  npz: 'application/x-npz',
  vegalite: 'application/vnd.vegalite.v6+json',
  svg: 'image/svg+xml',
  png: 'image/png',
  csv: 'text/csv',
}

const wave = (length: number, step: number): number[] =>
  Array.from({ length }, (_, i) => Math.fround(Math.sin(1 + i * step)))
const nested = (shape: readonly number[], data: readonly number[]): unknown => {
  if (shape.length === 1) return data
  const size = data.length / shape[0]!
  return Array.from({ length: shape[0]! }, (_, i) => nested(shape.slice(1), data.slice(i * size, (i + 1) * size)))
}
const base64 = (data: readonly number[]): string => Buffer.from(Float32Array.from(data).buffer).toString('base64')
const tensorForm = (form: string, shape: readonly number[], step: number): unknown => {
  const data = wave(
    shape.reduce((a, b) => a * b),
    step,
  )
  if (form === 'nested') return nested(shape, data)
  return form === 'flat' ? { shape, data } : { shape, base64: base64(data) }
}

const post = (name: string, url: string, body: unknown, headers: Record<string, string> = {}): RecordedRequest => ({
  name,
  method: 'POST',
  url,
  body,
  headers,
})
const get = (name: string, url: string, headers: Record<string, string> = {}): RecordedRequest => ({
  name,
  method: 'GET',
  url,
  headers,
})

/** All of them; `engines` are those that can be asked for here. */
export function recordedRequests(engines: readonly string[]): RecordedRequest[] {
  const named = (engine: string): Json => (engine === 'auto' ? {} : { engine })
  const all = ['auto', ...engines]
  return [
    ...forms(all, named),
    ...eachReturn(engines),
    ...modes(all, named),
    ...inputs(),
    ...selections(),
    ...sizes(all, named),
    ...figures(),
    ...links(),
    ...experiments(engines),
    ...errors(),
  ]
}

function* forms(engines: readonly string[], named: (engine: string) => Json): Generator<RecordedRequest> {
  for (const of of classes) {
    for (const engine of engines) {
      const body = {
        model: { ...of.model, seed: 7 },
        input: { randn: [2, 6, 5], seed: 3 },
        return: everythingOf(of),
        ...named(engine),
      }
      const url = `/attention/${of.kind}`
      for (const tensor_format of formats)
        yield post(`form ${of.name} ${engine} json ${tensor_format}`, url, { ...body, tensor_format })
      yield post(`form ${of.name} ${engine} npz`, url, body, { accept: media.npz })
      yield post(`form ${of.name} ${engine} default`, url, { model: of.model, input: { randn: [2, 6, 5] } })
    }
  }
}

function* eachReturn(engines: readonly string[]): Generator<RecordedRequest> {
  for (const of of classes) {
    for (const engine of engines) {
      for (const name of returns)
        yield post(`return ${of.name} ${engine} ${name}`, `/attention/${of.kind}`, {
          model: { ...of.model, seed: 11 },
          input: { randn: [3, 7, 5], seed: 5 },
          return: [name],
          engine,
        })
    }
  }
}

function* modes(engines: readonly string[], named: (engine: string) => Json): Generator<RecordedRequest> {
  for (const of of classes) {
    const url = `/attention/${of.kind}`
    for (const engine of engines) {
      yield post(`train ${of.name} ${engine}`, url, {
        model: { ...of.model, dropout: 0.4, seed: 9 },
        input: { randn: [2, 9, 5] },
        mode: 'train',
        return: everythingOf(of),
        ...named(engine),
      })
    }
    for (const form of formats) {
      const parameters = Object.fromEntries(
        of.parameters.map(([name, shape], i) => [name, tensorForm(form, shape, 0.7 + i)]),
      )
      yield post(`given ${of.name} ${form}`, url, {
        model: { ...of.model, parameters, dropout: 0.3 },
        input: { randn: [2, 6, 5] },
        mode: 'train',
        dropout_seed: 4,
        return: everythingOf(of),
      })
    }
  }
}

function* inputs(): Generator<RecordedRequest> {
  const shape = [2, 6, 5]
  const given: readonly (readonly [string, unknown])[] = [
    ['randn advance', { randn: shape, seed: 8, advance: 960 }],
    ['values', { values: tensorForm('nested', shape, 0.9) }],
    ['values of one', { values: tensorForm('nested', [6, 5], 0.9) }],
    ['flat', tensorForm('flat', shape, 0.9)],
    ['base64', tensorForm('base64', shape, 0.9)],
    [
      'zeros',
      {
        values: nested(
          shape,
          Array.from({ length: 60 }, () => 0),
        ),
      },
    ],
    [
      'large',
      {
        values: nested(
          shape,
          wave(60, 0.9).map((value) => value * 1e4),
        ),
      },
    ],
  ]
  for (const of of classes)
    for (const [name, input] of given)
      yield post(`input ${of.name} ${name}`, `/attention/${of.kind}`, {
        model: of.model,
        input,
        return: everythingOf(of),
      })
}

function* selections(): Generator<RecordedRequest> {
  const tokens = ['Your', ' journey', '', 'starts', '\u202eis', '\n']
  for (const of of classes) {
    const url = `/attention/${of.kind}`
    const body = { model: of.model, input: { randn: [2, 6, 5] }, return: everythingOf(of) }
    yield post(`select ${of.name} rows`, url, { ...body, rows: [1, 3] })
    yield post(`select ${of.name} heads`, url, { ...body, heads: [0] })
    yield post(`select ${of.name} tokens`, url, { ...body, tokens })
    yield post(`select ${of.name} npz`, url, { ...body, rows: [2, 5], heads: [0], tokens }, { accept: media.npz })
    yield post(`select ${of.name} flat`, url, { ...body, rows: [5, 5], tensor_format: 'flat' })
    if (of.kind !== 'causal') yield post(`select ${of.name} order`, url, { ...body, heads: [1, 0], rows: [0, 0] })
  }
}

/** Lengths about the blocks of the engines, and answers of several pieces. */
function* sizes(engines: readonly string[], named: (engine: string) => Json): Generator<RecordedRequest> {
  const shapes: readonly (readonly [randn: readonly number[], heads: number, dOut: number])[] = [
    [[1, 1, 3], 2, 4],
    [[3, 2, 3], 2, 4],
    [[1, 64, 8], 2, 16],
    [[2, 65, 8], 4, 16],
    [[1, 150, 16], 3, 24],
    [[40, 12, 8], 2, 8],
    [[1, 260, 32], 4, 64],
  ]
  for (const [randn, num_heads, d_out] of shapes) {
    for (const engine of engines) {
      yield post(`size ${randn.join('x')} ${engine}`, '/attention/multi-head', {
        model: { d_in: randn[2], d_out, num_heads, seed: 2 },
        input: { randn },
        return: ['weights', 'scores', 'context', 'summary', 'similarity', 'queries'],
        ...named(engine),
      })
      yield post(`size ${randn.join('x')} ${engine} maps in base64`, '/attention/multi-head', {
        model: { d_in: randn[2], d_out, num_heads, seed: 2 },
        input: { randn },
        return: ['weights', 'scores'],
        tensor_format: 'base64',
        ...named(engine),
      })
    }
  }
}

function* figures(): Generator<RecordedRequest> {
  const pictures = ['weights', 'scores', 'context', 'statistics', 'similarity']
  const queries: Readonly<Record<string, readonly string[]>> = {
    weights: ['', '&head=0', '&item=1', '&rows=2-4', '&keys=0-2', '&rows=3-5&keys=1-4'],
    scores: ['', '&rows=1-2'],
    context: ['', '&item=1&rows=1-3'],
    statistics: ['', '&item=1'],
    similarity: ['', '&item=1'],
  }
  for (const of of classes) {
    const url = `/attention/${of.kind}`
    const body = { model: of.model, input: { randn: [2, 6, 5] }, tokens: ['a', 'b', 'c', 'd', 'e', 'f'] }
    for (const figure of pictures)
      for (const query of queries[figure]!)
        yield post(`figure ${of.name} ${figure}${query}`, `${url}?figure=${figure}${query}`, body, {
          accept: media.vegalite,
        })
    for (const figure of ['weights', 'statistics']) {
      yield post(`figure ${of.name} ${figure} svg`, `${url}?figure=${figure}&format=svg`, body)
      yield post(`figure ${of.name} ${figure} png`, `${url}?figure=${figure}&format=png`, body)
    }
    yield post(`figure ${of.name} train`, `${url}?format=vegalite`, { ...body, mode: 'train', rows: [1, 4] })
  }
  yield post('figure pooled', '/attention/multi-head?format=vegalite', {
    model: { d_in: 16, d_out: 16, num_heads: 8 },
    input: { randn: [1, 300, 16] },
  })
}

function* links(): Generator<RecordedRequest> {
  const query: Readonly<Record<string, string>> = {
    causal: 'd_in=3&d_out=2&randn=1,4,3',
    'multi-head-wrapper': 'd_in=3&d_out=2&num_heads=2&randn=1,4,3',
    'multi-head': 'd_in=4&d_out=4&num_heads=2&randn=2,6,4',
  }
  for (const [kind, text] of Object.entries(query)) {
    const url = `/attention/${kind}?${text}`
    yield get(`link ${kind}`, url)
    yield get(`link ${kind} all`, `${url}&return=weights,context,summary,input,parameters,scores&tensor_format=flat`)
    yield get(`link ${kind} seeds`, `${url}&seed=3&input_seed=4&advance=12&qkv_bias=true`)
    yield get(`link ${kind} train`, `${url}&mode=train&dropout=0.5&engine=reference`)
    yield get(`link ${kind} chosen`, `${url}&heads=0&rows=1-2&return=weights`)
    yield get(
      `link ${kind} tokens`,
      `${url}&context_length=9&tokens=${Array.from({ length: text.endsWith('6,4') ? 6 : 4 }, (_, i) => `t${i}`).join(',')}`,
    )
    yield get(`link ${kind} figure`, `${url}&format=svg&figure=statistics`)
    yield get(`link ${kind} picture`, `${url}&format=png&head=0`)
    yield get(`link ${kind} npz`, `${url}&format=npz`)
    yield get(`link ${kind} any match`, url, { 'if-none-match': '*' })
    yield { ...get(`link ${kind} head`, url), method: 'HEAD' }
  }
}

function* experiments(engines: readonly string[]): Generator<RecordedRequest> {
  const few = { seeds: { first: 0, count: 12 } }
  for (const kind of ['bias', 'heads']) {
    const url = `/experiments/${kind}`
    for (const form of ['json', 'csv', 'vegalite', 'svg', 'png'] as const)
      yield post(`experiment ${kind} ${form}`, url, few, { accept: media[form] })
    yield post(`experiment ${kind} rows`, url, { ...few, return: ['report', 'rows'] })
    yield post(`experiment ${kind} notebook`, url, { pairing: 'notebook', seeds: { list: [42, 3] }, return: ['rows'] })
    yield post(`experiment ${kind} defaults`, `${url}?format=json`, {})
    for (const engine of engines) yield post(`experiment ${kind} ${engine}`, url, { ...few, engine, return: ['rows'] })
    yield post(`experiment ${kind} given`, url, {
      ...few,
      model: { d_in: 4, d_out: 4 },
      input: { values: tensorForm('nested', [2, 5, 4], 0.8) },
      return: ['report', 'rows'],
    })
    yield post(`experiment ${kind} sizes`, url, { ...few, input: { batch: 2, seq_len: 3 }, confidence: 0.9 })
    yield post(`experiment ${kind} one position`, url, { ...few, input: { batch: 1, seq_len: 1 } })
    yield post(`experiment ${kind} unknown`, url, { seed: 3 })
    yield post(`experiment ${kind} no seeds`, url, { seeds: { first: 0, count: 0 } })
    yield post(`experiment ${kind} form`, `${url}?format=npz`, {})
  }
  yield post('experiment bias arms', '/experiments/bias', { ...few, arms: ['none', 'v'] })
  yield post('experiment heads numbers', '/experiments/heads', { ...few, model: { d_out: 12, num_heads: [1, 2, 6] } })
  yield post('experiment heads divides', '/experiments/heads', { model: { num_heads: [2, 3] } })
}

function* errors(): Generator<RecordedRequest> {
  const good = { model: { d_in: 3, d_out: 4, num_heads: 2 }, input: { randn: [1, 4, 3] } }
  const url = '/attention/multi-head'
  const bad: Readonly<Record<string, unknown>> = {
    nothing: {},
    'no input': { model: good.model },
    'no model': { input: good.input },
    'an unknown key': { ...good, mask: true },
    'an unknown key of the model': { ...good, model: { ...good.model, bias: true } },
    'a width as text': { ...good, model: { ...good.model, d_in: '3' } },
    'no heads': { ...good, model: { d_in: 3, d_out: 4 } },
    'heads that do not divide': { ...good, model: { ...good.model, num_heads: 3 } },
    'another width': { ...good, input: { randn: [1, 4, 5] } },
    'too long': { ...good, model: { ...good.model, context_length: 3 } },
    'an input of two forms': { ...good, input: { randn: [1, 4, 3], values: [[1, 2, 3]] } },
    'an input of none': { ...good, input: { seed: 1 } },
    'an input that is a list': { ...good, input: [1, 4, 3] },
    'ragged values': {
      ...good,
      input: {
        values: [
          [1, 2, 3],
          [1, 2],
        ],
      },
    },
    'a word among values': { ...good, input: { values: [[1, 'two', 3]] } },
    'a null among values': { ...good, input: { values: [[1, null, 3]] } },
    'too many axes': { ...good, input: { values: [[[[1, 2, 3]]]] } },
    'a shape that is not filled': { ...good, input: { shape: [1, 2, 3], data: [1, 2, 3] } },
    'base64 that is none': { ...good, input: { shape: [1, 1, 3], base64: '***' } },
    'base64 that is short': { ...good, input: { shape: [1, 1, 3], base64: base64([1, 2]) } },
    'base64 of a NaN': { ...good, input: { shape: [1, 1, 3], base64: base64([1, NaN, 2]) } },
    'a seed below zero': { ...good, model: { ...good.model, seed: -1 } },
    'a dropout of one': { ...good, model: { ...good.model, dropout: 1 } },
    'a seed and parameters': { ...good, model: { ...good.model, seed: 1, parameters: {} } },
    'parameters that are missing': { ...good, model: { ...good.model, parameters: {} } },
    'a parameter that is unknown': { ...good, model: { ...good.model, parameters: { W_q: [[1]] } } },
    'a bias that the model has not': { ...good, model: { ...good.model, parameters: { 'W_query.bias': [1] } } },
    'a parameter of another shape': { ...good, model: { ...good.model, parameters: { 'W_query.weight': [[1]] } } },
    'a dropout seed without parameters': { ...good, dropout_seed: 1 },
    'an unknown mode': { ...good, mode: 'test' },
    'an unknown engine': { ...good, engine: 'numpy' },
    'an unknown return': { ...good, return: ['weight'] },
    'an empty return': { ...good, return: [] },
    'a return twice': { ...good, return: ['weights', 'weights'] },
    'a head too many': { ...good, heads: [0, 2] },
    'a head twice': { ...good, heads: [0, 0] },
    'a row too many': { ...good, rows: [0, 4] },
    'rows backwards': { ...good, rows: [2, 1] },
    'one row': { ...good, rows: [2] },
    'too few tokens': { ...good, tokens: ['a'] },
    'a token that is a number': { ...good, tokens: [1, 2, 3, 4] },
    'an unknown format': { ...good, tensor_format: 'hex' },
    'too much memory': { ...good, input: { randn: [4, 200_000, 3] } },
    'values that overflow': {
      ...good,
      input: {
        values: [
          [3e38, 3e38, 3e38],
          [-3e38, 3e38, 3e38],
        ],
      },
    },
    'a list': [],
  }
  for (const [name, body] of Object.entries(bad)) yield post(`error ${name}`, url, body)
  yield post('error similarity of one', '/attention/causal', {
    model: { d_in: 3, d_out: 4 },
    input: good.input,
    return: ['similarity'],
  })
  yield post('error heads of causal', '/attention/causal', good)
  yield post('error out_proj of multi-head', url, { ...good, model: { ...good.model, out_proj: true } })
  yield post('error unknown class', '/attention/flash', good)
  yield post('error unknown parameter', `${url}?colour=red`, good)
  yield post('error unknown figure', `${url}?figure=loss`, good)
  yield post('error head of a context', `${url}?figure=context&head=0&format=svg`, good)
  yield post('error figure of a head', `${url}?head=7&format=svg`, good)
  yield post('error figure of keys', `${url}?rows=0-1&keys=2-3&format=svg`, good)
  yield post('error figure of rows', `${url}?rows=0-9&format=svg`, good)
  yield post('error figure of an item', `${url}?item=3&format=svg`, good)
  yield post('error not acceptable', url, good, { accept: 'text/plain' })
  yield { ...post('error no json', url, good), headers: { 'content-type': 'text/plain' } }
  for (const query of [
    '',
    'd_in=3',
    'd_in=x&d_out=4&num_heads=2&randn=1,4,3',
    'd_in=3&d_out=4&num_heads=2&randn=1,4',
    'd_in=3&d_out=4&num_heads=2&randn=1,4,5',
    'd_in=3&d_out=4&num_heads=2&randn=1,4,3&qkv_bias=yes',
    'd_in=3&d_out=4&num_heads=2&randn=1,4,3&rows=3-1',
    'd_in=3&d_out=4&num_heads=2&randn=1,4,3&rows=one',
    'd_in=3&d_out=4&num_heads=2&randn=1,4,3&heads=5',
    'd_in=3&d_out=4&num_heads=2&randn=1,4,3&return=none',
    'd_in=3&d_out=4&num_heads=2&randn=1,4,3&seed=1&seed=2',
    'd_in=3&d_out=4&num_heads=2&randn=1,4,3&parameters=1',
    'd_in=3&d_out=4&num_heads=2&randn=1,4,3&tokens=a,b',
    'd_in=3&d_out=4&num_heads=2&randn=1,4,3&out_proj=true',
    'd_in=3&d_out=5&num_heads=2&randn=1,4,3',
  ])
    yield get(`error link ${query}`, `${url}${query === '' ? '' : `?${query}`}`)
}
