/**
 * Bodies that cost more than they should where work is done before a request is admitted: each about as long as asked
 * for, each wrong (or too large) in one way.
 */
export interface HostileBody {
  readonly name: string
  readonly path: string
  /** The body, of about so many bytes; some are short however many are asked for. */
  readonly make: (bytes: number) => Buffer
  /** Any of these answers it. */
  readonly status: readonly number[]
  /** Where its first place lies. */
  readonly place?: string
}

const multiHead = '/attention/multi-head'
const wrapper = '/attention/multi-head-wrapper'
const causal = '/attention/causal'
const bias = '/experiments/bias'
const heads = '/experiments/heads'

/** `begin`, then `unit` as often as it fits with a comma between, then `end`. */
function repeated(begin: string, unit: string, end: string, bytes: number): Buffer {
  const count = Math.max(1, Math.floor((bytes - begin.length - end.length) / (unit.length + 1)))
  const body = Buffer.alloc(begin.length + count * (unit.length + 1) - 1 + end.length)
  body.write(begin)
  body.fill(`${unit},`, begin.length, body.length - end.length)
  body.write(end, body.length - end.length)
  return body
}

/** The same, where each unit is another: its place among them is put in for `#`. */
function counted(begin: string, unit: string, end: string, bytes: number): Buffer {
  const parts: string[] = []
  let length = begin.length + end.length
  for (let i = 0; length < bytes; i++) {
    const text = unit.replaceAll('#', String(i))
    parts.push(text)
    length += text.length + 1
  }
  return Buffer.from(begin + parts.join(',') + end)
}

const model = '"model":{"d_in":4,"d_out":4,"num_heads":2}'
const input = '"input":{"randn":[1,3,4]}'
const good = `${model},${input}`
const inKey =
  (key: string, unit: string) =>
  (bytes: number): Buffer =>
    repeated(`{${good},"${key}":[`, unit, ']}', bytes)
const asValues =
  (unit: string, begin = '', end = '') =>
  (bytes: number): Buffer =>
    repeated(`{${model},"input":{"values":[${begin}`, unit, `${end}]}}`, bytes)
const asParameters =
  (unit: string) =>
  (bytes: number): Buffer =>
    counted('{"model":{"d_in":4,"d_out":4,"num_heads":2,"parameters":{', unit, `}},${input}}`, bytes)
const always = (body: string) => (): Buffer => Buffer.from(body)

const refused = [400, 413]

const given = '/attention/scaled-dot-product'
const operands = '"queries":{"randn":[2,2]},"keys":{"randn":[2,2]},"values":{"randn":[2,2]}'
const base64Of = (bytes: number): string => 'A'.repeat(4 * Math.ceil(bytes / 3))

export const hostileBodies: readonly HostileBody[] = [
  {
    name: 'given queries, keys and values of two thousand million positions',
    path: given,
    make: always(
      '{"queries":{"randn":[1,1,2147483647,1]},"keys":{"randn":[1,1,2147483647,1]},"values":{"randn":[1,1,2147483647,1]},"mask":{"causal":true},"return":["summary"]}',
    ),
    status: [413],
  },
  {
    name: 'rotary positions of two thousand million dimensions',
    path: given,
    make: always('{"queries":{"randn":[1,1,1,2147483646]},"keys":{"randn":[1,1,1,2147483646]},"rotary":{}}'),
    status: refused,
  },
  {
    name: 'standard slopes of two thousand million heads',
    path: given,
    make: always(
      '{"queries":{"randn":[1,2147483647,1,1]},"keys":{"randn":[1,2147483647,1,1]},"alibi_slopes":"standard"}',
    ),
    status: refused,
  },
  {
    name: 'one row of a mask for a million queries',
    path: given,
    make: always(
      `{"queries":{"randn":[1,1,1000000,1]},"keys":{"randn":[1,1,4096,1]},"mask":{"allowed":{"shape":[1,1,1,4096],"base64":"${base64Of(4096).slice(0, -2)}=="}},"return":["summary"]}`,
    ),
    status: [200, ...refused], // it fits where memory is plenty
  },
  {
    name: 'a row of a mask and a column of a bias',
    path: given,
    make: always(
      `{"queries":{"randn":[1,1,4096,1]},"keys":{"randn":[1,1,4096,1]},"bias":{"shape":[4096,1],"base64":"${Buffer.from(Float32Array.from({ length: 4096 }, () => -Infinity).buffer).toString('base64')}"},"mask":{"allowed":{"shape":[4096],"base64":"${base64Of(4096).slice(0, -2)}=="}},"return":["summary"]}`,
    ),
    status: refused,
  },
  {
    name: 'numbers in a mask',
    path: given,
    make: (bytes) => repeated(`{${operands},"mask":{"allowed":[[`, '1', ']]}}', bytes),
    status: refused,
    place: '/mask/allowed',
  },
  {
    name: 'booleans in a mask',
    path: given,
    make: (bytes) => repeated(`{${operands},"mask":{"allowed":[[`, 'true', ']]}}', bytes),
    status: refused,
    place: '/mask/allowed',
  },
  {
    name: 'rows of a mask',
    path: given,
    make: (bytes) => repeated(`{${operands},"mask":{"allowed":[`, '[true]', ']}}', bytes),
    status: refused,
    place: '/mask/allowed',
  },
  {
    name: 'numbers of keys',
    path: given,
    make: (bytes) => repeated(`{${operands},"mask":{"key_lengths":[`, '1', ']}}', bytes),
    status: refused,
    place: '/mask/key_lengths',
  },
  {
    name: 'slopes',
    path: given,
    make: (bytes) => repeated(`{${operands},"alibi_slopes":[`, '0.5', ']}', bytes),
    status: refused,
    place: '/alibi_slopes',
  },
  {
    name: 'members of a scaling',
    path: given,
    make: (bytes) => counted(`{${operands},"rotary":{"scaling":{`, '"k#":1', '}}}', bytes),
    status: refused,
    place: '/rotary/scaling',
  },
  {
    name: 'a bias of another shape',
    path: given,
    make: (bytes) => repeated(`{${operands},"bias":[[`, '0.5', ']]}', bytes),
    status: refused,
    place: '/bias',
  },
  ...(['float16', 'bfloat16', 'float64'] as const).map(
    (dtype): HostileBody => ({
      name: `a bias of another shape in ${dtype}`,
      path: given,
      make: (bytes) => {
        const size = dtype === 'float64' ? 8 : 2
        const values = 3 * Math.floor((bytes * 0.75) / size / 3)
        return Buffer.from(
          `{${operands},"bias":{"dtype":"${dtype}","shape":[1,${values}],"base64":"${base64Of(values * size)}"}}`,
        )
      },
      status: refused,
      place: '/bias',
    }),
  ),
  { name: 'names to return', path: multiHead, make: inKey('return', '"a"'), status: refused, place: '/return' },
  { name: 'known names to return', path: multiHead, make: inKey('return', '"weights"'), status: refused },
  { name: 'tokens', path: multiHead, make: inKey('tokens', '"a"'), status: refused, place: '/tokens' },
  { name: 'numbers as tokens', path: multiHead, make: inKey('tokens', '1'), status: refused, place: '/tokens' },
  { name: 'objects as tokens', path: multiHead, make: inKey('tokens', '{}'), status: refused, place: '/tokens' },
  { name: 'arrays as tokens', path: multiHead, make: inKey('tokens', '[]'), status: refused, place: '/tokens' },
  { name: 'the same head', path: multiHead, make: inKey('heads', '1'), status: refused, place: '/heads' },
  { name: 'strings as heads', path: multiHead, make: inKey('heads', '"1"'), status: refused, place: '/heads' },
  { name: 'fractions as heads', path: multiHead, make: inKey('heads', '0.5'), status: refused, place: '/heads' },
  { name: 'null as rows', path: multiHead, make: inKey('rows', 'null'), status: refused, place: '/rows' },
  { name: 'numbers as a mode', path: multiHead, make: inKey('mode', '1'), status: refused, place: '/mode' },
  {
    name: 'different heads',
    path: multiHead,
    make: (bytes) => counted(`{${good},"heads":[`, '#', ']}', bytes),
    status: refused,
    place: '/heads',
  },
  {
    name: 'different arms',
    path: bias,
    make: (bytes) => counted('{"arms":[', '"a#"', ']}', bytes),
    status: refused,
    place: '/arms',
  },
  {
    name: 'arms that are objects',
    path: bias,
    make: (bytes) => counted('{"arms":[', '{"a":#}', ']}', bytes),
    status: refused,
    place: '/arms',
  },
  {
    name: 'different numbers of heads',
    path: heads,
    make: (bytes) => counted('{"model":{"num_heads":[', '#', ']}}', bytes),
    status: refused,
    place: '/model/num_heads',
  },
  {
    name: 'seeds in a list',
    path: bias,
    make: (bytes) => counted('{"seeds":{"list":[', '#', ']}}', bytes),
    status: refused,
  },
  {
    name: 'the same seed in a list',
    path: bias,
    make: (bytes) => repeated('{"seeds":{"list":[', '7', ']}}', bytes),
    status: refused,
    place: '/seeds/list',
  },
  {
    name: 'unknown keys',
    path: multiHead,
    make: (bytes) => counted(`{${good},`, '"k#":1', '}', bytes),
    status: refused,
  },
  {
    name: 'unknown keys with objects',
    path: multiHead,
    make: (bytes) => counted(`{${good},`, '"k#":{}', '}', bytes),
    status: refused,
  },
  {
    name: 'numbers as keys',
    path: multiHead,
    make: (bytes) => counted(`{${good},`, '"#":1', '}', bytes),
    status: refused,
  },
  {
    name: 'the same key',
    path: multiHead,
    make: (bytes) => repeated(`{${good},`, '"mode":"eval"', '}', bytes),
    status: [200, 413],
  },
  {
    name: 'one key of everything',
    path: multiHead,
    make: (bytes) => Buffer.from(`{${good},"${'k'.repeat(bytes - good.length - 6)}":1}`),
    status: refused,
  },
  {
    name: 'keys of the input',
    path: multiHead,
    make: (bytes) => counted(`{${model},"input":{`, '"k#":1', '}}', bytes),
    status: refused,
    place: '/input',
  },
  {
    name: 'unknown parameters',
    path: multiHead,
    make: asParameters('"p#":[[1,2],[3,4]]'),
    status: refused,
    place: '/model/parameters',
  },
  {
    name: 'parameters of a wrapper',
    path: wrapper,
    make: (bytes) =>
      counted(
        '{"model":{"d_in":1,"d_out":1,"num_heads":2147483647,"parameters":{',
        '"heads.#.W_query.weight":[[1]],"heads.#.W_key.weight":[[1]],"heads.#.W_value.weight":[[1]]',
        '}},"input":{"randn":[1,3,1]}}',
        bytes,
      ),
    status: refused,
  },
  {
    name: 'no parameters of a wrapper of two thousand million heads',
    path: wrapper,
    make: always('{"model":{"d_in":4,"d_out":4,"num_heads":2147483647,"parameters":{}},"input":{"randn":[1,3,4]}}'),
    status: [400],
    place: '/model/parameters',
  },
  {
    name: 'a wrapper of a million seeded heads',
    path: wrapper,
    make: always('{"model":{"d_in":1,"d_out":1,"num_heads":1000000},"input":{"randn":[1,2,1]},"return":["summary"]}'),
    status: [413],
  },
  {
    name: 'a wrapper of ten million seeded heads and no projection',
    path: wrapper,
    make: always(
      '{"model":{"d_in":1,"d_out":1,"num_heads":10000000,"out_proj":false},"input":{"randn":[1,1,1]},"return":["summary"]}',
    ),
    status: [413],
  },
  {
    name: 'a wrapper of two thousand million seeded heads',
    path: wrapper,
    make: always('{"model":{"d_in":4,"d_out":4,"num_heads":2147483647},"input":{"randn":[1,3,4]}}'),
    status: [413],
  },
  { name: 'empty objects as values', path: multiHead, make: asValues('{}'), status: refused, place: '/input/values' },
  { name: 'empty arrays as values', path: multiHead, make: asValues('[]'), status: refused, place: '/input/values' },
  { name: 'strings as values', path: multiHead, make: asValues('"1"'), status: refused, place: '/input/values' },
  { name: 'null as values', path: multiHead, make: asValues('null'), status: refused, place: '/input/values' },
  {
    name: 'numbers beyond float32',
    path: multiHead,
    make: asValues('1e39', '[', ']'),
    status: refused,
    place: '/input/values',
  },
  { name: 'numbers too small for float32', path: multiHead, make: asValues('1e-46', '[', ']'), status: refused },
  {
    name: 'one null at the end of the values',
    path: multiHead,
    make: (bytes) => repeated(`{${model},"input":{"values":[[`, '1,2,3,4', ',null]]}}', bytes),
    status: refused,
    place: '/input/values',
  },
  {
    name: 'ragged values',
    path: multiHead,
    make: asValues('[1,2,3,4],[1,2,3]'),
    status: refused,
    place: '/input/values',
  },
  { name: 'values of one number a row', path: causal, make: asValues('[[1]]'), status: refused },
  {
    name: 'rows of rows of one array',
    path: multiHead,
    make: asValues('[[[[1]]]]'),
    status: refused,
    place: '/input/values',
  },
  {
    name: 'values and no end',
    path: multiHead,
    make: (bytes) => repeated(`{${model},"input":{"values":[[`, '1.5,2.5', ']', bytes),
    status: [400],
  },
  {
    name: 'long numbers',
    path: multiHead,
    make: (bytes) => repeated(`{${model},"input":{"values":[[`, '1'.repeat(Math.min(1e6, bytes >> 2)), ']]}}', bytes),
    status: refused,
  },
  {
    name: 'one number',
    path: multiHead,
    make: (bytes) => Buffer.from(`{${good},"dropout_seed":${'1'.repeat(bytes - good.length - 20)}}`),
    status: refused,
  },
  {
    name: 'arrays in arrays',
    path: multiHead,
    make: (bytes) => Buffer.from('['.repeat(bytes / 2) + ']'.repeat(bytes / 2)),
    status: refused,
  },
  {
    name: 'arrays in arrays as values',
    path: multiHead,
    make: (bytes) => Buffer.from(`{${model},"input":{"values":${'['.repeat(bytes / 2)}${']'.repeat(bytes / 2)}}}`),
    status: refused,
    place: '/input/values',
  },
  {
    name: 'objects in objects',
    path: multiHead,
    make: (bytes) => Buffer.from(`{"model":${'{"a":'.repeat(bytes / 6)}1${'}'.repeat(bytes / 6)}}`),
    status: refused,
  },
  { name: 'nothing but brackets', path: multiHead, make: (bytes) => Buffer.alloc(bytes, '['), status: refused },
  { name: 'nothing but quotes', path: multiHead, make: (bytes) => Buffer.alloc(bytes, '"'), status: refused },
  { name: 'nothing but spaces', path: multiHead, make: (bytes) => Buffer.alloc(bytes, ' '), status: [400] },
  {
    name: 'one string',
    path: multiHead,
    make: (bytes) => Buffer.from(`{${good},"mode":"${'x'.repeat(bytes - good.length - 12)}"}`),
    status: [400],
    place: '/mode',
  },
  {
    name: 'one string of backslashes',
    path: multiHead,
    make: (bytes) => Buffer.from(`{${good},"mode":"${'\\\\'.repeat((bytes - good.length - 12) / 2)}"}`),
    status: [400],
    place: '/mode',
  },
  {
    name: 'one string of two-byte characters',
    path: multiHead,
    make: (bytes) => Buffer.from(`{${good},"tokens":["${'é'.repeat((bytes - good.length - 14) / 2)}"]}`),
    status: [400],
    place: '/tokens',
  },
  {
    name: 'base64 that is none',
    path: multiHead,
    make: (bytes) =>
      Buffer.from(`{${model},"input":{"shape":[1,3,4],"base64":"${'AAAA'.repeat((bytes - model.length - 40) / 4)}!"}}`),
    status: [400],
    place: '/input/base64',
  },
  {
    name: 'base64 of another length',
    path: multiHead,
    make: (bytes) =>
      Buffer.from(`{${model},"input":{"shape":[1,3,4],"base64":"${'AAAA'.repeat((bytes - model.length - 40) / 4)}"}}`),
    status: [400],
    place: '/input/base64',
  },
  {
    name: 'lengths in a shape',
    path: multiHead,
    make: (bytes) => repeated(`{${model},"input":{"data":[1],"shape":[`, '1', ']}}', bytes),
    status: refused,
    place: '/input/shape',
  },
  {
    name: 'prototypes',
    path: multiHead,
    make: (bytes) => repeated(`{${good},"tokens":[`, '{"__proto__":1}', ']}', bytes),
    status: refused,
  },
]
