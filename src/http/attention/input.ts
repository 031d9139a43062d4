import { Type } from '@sinclair/typebox'
import { invalid } from '../../errors.ts'
import type { InputSource } from '../../sources/input.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { isArray, kindOf, plainObject, readTensor } from '../read/tensor.ts'
import { readWhole } from '../read/whole.ts'
import {
  Base64Tensor,
  byHand,
  defaultInputSeed,
  FlatTensor,
  maxLength,
  maxSeed,
  Seed,
  strict,
} from '../schemas/common.ts'

const length = (description: string) => Type.Integer({ minimum: 1, maximum: maxLength, description })

const Values = Type.Array(Type.Array(Type.Array(Type.Number(), { minItems: 1 }), { minItems: 1 }), { minItems: 1 })
const SequenceValues = Type.Array(Type.Array(Type.Number(), { minItems: 1 }), { minItems: 1 })

export const NestedInput = Type.Object(
  { values: Type.Union([Values, SequenceValues]) },
  { ...strict, title: 'NestedInput', description: '(batch, seq, d_in) or (seq, d_in).' },
)
export const FlatInput = Type.Object(
  { shape: FlatTensor.properties.shape, data: Type.Array(Type.Number()) },
  { ...strict, title: 'FlatInput', description: 'Row-major values.' },
)

/** The input: one of four forms. */
export const InputBody = byHand(
  Type.Union([
    Type.Object(
      {
        // Not a tuple: most generators of clients know none.
        randn: Type.Array(length('Length of an axis.'), {
          minItems: 3,
          maxItems: 3,
          description: '[batch, seq, d_in]',
        }),
        seed: Type.Optional(
          Seed(defaultInputSeed, 'Seed of the input; not that of the model, so that the two are independent draws.'),
        ),
        advance: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: 2 ** 32,
            default: 0,
            description: 'Uniform draws made before the input is drawn.',
          }),
        ),
      },
      {
        ...strict,
        title: 'RandomInput',
        description: 'As torch.manual_seed(seed); torch.empty(advance).uniform_(); torch.randn(batch, seq, d_in).',
      },
    ),
    NestedInput,
    FlatInput,
    Base64Tensor,
  ]),
)

/** The keys of each form, by the one that tells it. */
const inputForms: ReadonlyMap<string, readonly string[]> = new Map([
  ['randn', ['randn', 'seed', 'advance']],
  ['values', ['values']],
  ['data', ['shape', 'data']],
  ['base64', ['shape', 'base64']],
])
const inputKeys = ['randn', 'seed', 'advance', 'values', 'shape', 'data', 'base64']

/** An input in one of its four forms; `path` is its place in the body. */
export function readInput(value: unknown, path = '/input'): InputSource {
  const object = plainObject(value, path, inputKeys)
  const keys = Object.keys(object)
  const forms = keys.filter((key) => inputForms.has(key))
  if (forms.length !== 1) throw invalid(path, 'must have exactly one of randn, values, data, base64')
  const form = forms[0]!
  const allowed = inputForms.get(form)!
  for (const key of keys) {
    if (!allowed.includes(key)) throw invalid(`${path}/${key}`, `does not go with ${form}`)
  }
  if (form === 'randn') {
    return {
      randn: readRandnShape(object.randn, `${path}/randn`),
      seed: readWhole(object.seed, `${path}/seed`, defaultInputSeed, maxSeed),
      advance: readWhole(object.advance, `${path}/advance`, 0, 2 ** 32),
    }
  }
  if (form === 'values' && !isArray(object.values))
    throw invalid(`${path}/values`, `must be nested arrays, not ${kindOf(object.values)}`)
  const values = form === 'values' ? readTensor(object.values, `${path}/values`) : readTensor(object, path)
  return { values: asBatch(values, form === 'values' ? `${path}/values` : `${path}/shape`) }
}

function readRandnShape(value: unknown, path: string): readonly [number, number, number] {
  if (!Array.isArray(value)) throw invalid(path, `must be [batch, seq, d_in], not ${kindOf(value)}`)
  if (value.length !== 3) throw invalid(path, `must be [batch, seq, d_in], not ${value.length} numbers`)
  value.forEach((length, i) => {
    if (!Number.isSafeInteger(length) || length < 1 || length > maxLength)
      throw invalid(`${path}/${i}`, `must be a whole number from 1 to ${maxLength}, not ${kindOf(length)}`)
  })
  return value as unknown as [number, number, number]
}

/** (seq, d_in) becomes a batch of one. */
function asBatch(values: Tensor, path: string): Tensor {
  if (values.shape.length === 3) return values
  if (values.shape.length === 2) return { shape: [1, ...values.shape], data: values.data }
  throw invalid(path, `must be (batch, seq, d_in) or (seq, d_in), not ${values.shape.length} axes`)
}
