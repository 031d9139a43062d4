import type { AttentionRequest } from '../../attention/request.ts'
import { invalid } from '../../errors.ts'
import { Chapter3Source } from '../../sources/chapter-3/source.ts'
import type { ParameterSource } from '../../sources/chapter-3/source.ts'
import type { ModelKind, ModelSpec } from '../../sources/chapter-3/spec.ts'
import { inputShape } from '../../sources/input.ts'
import type { InputSource } from '../../sources/input.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { AttentionBody } from '../schemas/attention.ts'
import { defaultInputSeed, defaultSeed, maxLength, maxSeed } from '../schemas/common.ts'
import { maskIn } from './mask-buffer.ts'
import { readParameters } from './parameters.ts'
import { isArray, kindOf, plainObject, readTensor } from './tensor.ts'

/** A body that Ajv has passed, as the request that everything below HTTP knows. Throws a 400 that names the place. */
export function readAttentionRequest(kind: ModelKind, body: AttentionBody): AttentionRequest {
  const input = readInput(body.input)
  const spec = readSpec(kind, body.model, inputShape(input)[1]!)
  const parameters = readParameterSource(spec, body)
  const tokens = body.tokens ?? null
  const request: AttentionRequest = {
    source: new Chapter3Source({ spec, parameters, input, mode: body.mode ?? 'eval' }),
    engine: body.engine,
    returns: new Set(body.return ?? ['weights', 'context', 'summary']),
    presentation: {
      heads: body.heads ?? null,
      rows: body.rows ?? null,
      keys: null,
      tensorFormat: body.tensor_format ?? 'nested',
      tokens,
      keyTokens: tokens,
    },
  }
  checkAgainstInput(spec, input, request, body)
  return request
}

function readSpec(kind: ModelKind, model: AttentionBody['model'], seqLen: number): ModelSpec {
  const numHeads = model.num_heads ?? 1
  if (kind === 'multi-head' && model.d_out % numHeads !== 0)
    throw invalid('/model/d_out', `must be a multiple of num_heads (${numHeads})`)
  return {
    kind,
    dIn: model.d_in,
    dOut: model.d_out,
    contextLength: model.context_length ?? maskIn(model.parameters)?.side ?? seqLen,
    numHeads,
    dropout: model.dropout ?? 0,
    qkvBias: model.qkv_bias ?? false,
    outProj: kind === 'multi-head' || (kind === 'multi-head-wrapper' && (model.out_proj ?? true)),
  }
}

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

/** A whole number from 0 to `max`, or the default where there is none. */
export function readWhole(value: unknown, path: string, fallback: number, max: number): number {
  if (value === undefined) return fallback
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > max)
    throw invalid(path, `must be a whole number from 0 to ${max}, not ${kindOf(value)}`)
  return value as number
}

/** (seq, d_in) becomes a batch of one. */
function asBatch(values: Tensor, path: string): Tensor {
  if (values.shape.length === 3) return values
  if (values.shape.length === 2) return { shape: [1, ...values.shape], data: values.data }
  throw invalid(path, `must be (batch, seq, d_in) or (seq, d_in), not ${values.shape.length} axes`)
}

function readParameterSource(spec: ModelSpec, body: AttentionBody): ParameterSource {
  if (body.model.parameters === undefined) {
    if (body.dropout_seed !== undefined)
      throw invalid(
        '/dropout_seed',
        'goes with given parameters; with a seed the mask is drawn where the constructor ended',
      )
    return { seed: body.model.seed ?? defaultSeed }
  }
  if (body.model.seed !== undefined) throw invalid('/model/seed', 'does not go with parameters: give one of the two')
  return { given: readParameters(spec, body.model.parameters), dropoutSeed: body.dropout_seed ?? defaultSeed }
}

/** What can only be judged with the model and the input side by side. */
function checkAgainstInput(
  spec: ModelSpec,
  input: InputSource,
  { returns, presentation }: AttentionRequest,
  body: AttentionBody,
): void {
  const { heads, rows, tokens } = presentation
  const [, length, dIn] = inputShape(input) as [number, number, number]
  const inputPlace =
    'randn' in input
      ? '/input/randn'
      : (body.input as Record<string, unknown>).values !== undefined
        ? '/input/values'
        : '/input/shape'
  if (dIn !== spec.dIn) throw invalid(inputPlace, `has vectors of width ${dIn}, but model.d_in is ${spec.dIn}`)
  if (length > spec.contextLength)
    throw body.model.context_length === undefined
      ? invalid(
          `/model/parameters/${maskIn(body.model.parameters)!.name}`,
          `is of ${spec.contextLength} positions, fewer than the sequence's ${length}`,
        )
      : invalid('/model/context_length', `must be at least the sequence's length, ${length}`)
  heads?.forEach((head, i) => {
    if (head >= spec.numHeads) throw invalid(`/heads/${i}`, `must be below the number of heads, ${spec.numHeads}`)
  })
  if (rows !== null) {
    const [first, last] = rows
    if (last >= length) throw invalid('/rows/1', `must be below the sequence's length, ${length}`)
    if (first > last) throw invalid('/rows/0', 'must not be after the last row')
  }
  if (tokens !== null && tokens.length !== length)
    throw invalid('/tokens', `must be ${length} labels, one a position, not ${tokens.length}`)
  if (returns.has('similarity') && spec.numHeads < 2)
    throw invalid('/return', 'similarity compares heads: the model needs at least 2')
}
