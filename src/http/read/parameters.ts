import { invalid } from '../../errors.ts'
import { modelClasses } from '../../sources/chapter-3/classes.ts'
import type { NamedParameters } from '../../sources/source.ts'
import type { ParameterSpec } from '../../sources/chapter-3/model.ts'
import type { ModelSpec } from '../../sources/chapter-3/spec.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { checkMask } from './mask-buffer.ts'
import { nearest, sharedPrefix } from './state-dict.ts'
import { plainObject, pointerToken, readTensor } from './tensor.ts'

/** Names of a model that are looked at beside those that are given, to tell a misspelt name from a missing one. */
const namesAhead = 1_000

/**
 * A state dict, by PyTorch's names: every parameter of the model, with its shape, and nothing else but the causal mask.
 */
export function readParameters(spec: ModelSpec, value: unknown): NamedParameters {
  const path = '/model/parameters'
  const sent = plainObject(value, path)
  const names = Object.keys(sent)
  const model = modelClasses[spec.kind]
  // A model may have thousands of millions of names, of which no more are listed than a request could have given.
  const most = names.length + namesAhead
  const expected = first(model.parameters(spec), most)
  const masks = first(model.maskBuffers(spec), most)
  const known = new Set([...expected.map(({ name }) => name), ...masks, ...joinedNames])
  const isListed = expected.length < most && masks.length < most
  const prefix = isListed ? sharedPrefix(names, known) : ''
  const given = Object.fromEntries(names.map((name) => [name.slice(prefix.length), sent[name]]))
  const place = (name: string): string => `${path}/${pointerToken(prefix + name)}`
  const cut = spec.kind === 'multi-head' ? cutJoined(spec, given, `${path}/${prefix}`) : new Map<string, Tensor>()
  if (isListed) {
    const isKnown = (name: string): boolean =>
      known.has(name) && (spec.kind === 'multi-head' || !(joinedNames as readonly string[]).includes(name))
    const unknown = Object.keys(given).find((name) => !isKnown(name))
    if (unknown !== undefined) throw invalid(place(unknown), unknownName(unknown, expected))
    const twice = [...cut.keys()].find((name) => Object.hasOwn(given, name) || !known.has(name))
    if (twice !== undefined)
      throw invalid(
        place(twice),
        Object.hasOwn(given, twice) ? 'is given twice: in_proj holds it as well' : unknownName(twice, expected),
      )
  }
  for (const { name, shape } of expected) {
    if (!Object.hasOwn(given, name) && !cut.has(name))
      throw invalid(place(name), `is missing: the model has it, (${shape.join(', ')})`)
  }
  for (const name of masks) {
    if (name in given) checkMask(given[name], spec.contextLength, place(name))
  }
  const parameters = new Map<string, Tensor>()
  for (const { name, shape } of expected) {
    const tensor = cut.get(name) ?? readTensor(given[name], place(name))
    if (tensor.shape.join() !== shape.join())
      throw invalid(place(name), `must be (${shape.join(', ')}), not (${tensor.shape.join(', ')})`)
    parameters.set(name, tensor)
  }
  return parameters
}

/** torch.nn.MultiheadAttention's names of queries, keys and values in one. */
const joinedNames = ['in_proj_weight', 'in_proj_bias'] as const

/** Queries', keys' and values' parameters out of torch.nn.MultiheadAttention's in_proj_*, where they are given. */
function cutJoined(
  { dIn, dOut }: ModelSpec,
  given: Readonly<Record<string, unknown>>,
  path: string,
): Map<string, Tensor> {
  const cut = new Map<string, Tensor>()
  for (const [name, part, shape] of [
    ['in_proj_weight', 'weight', [dOut, dIn]],
    ['in_proj_bias', 'bias', [dOut]],
  ] as const) {
    if (!Object.hasOwn(given, name)) continue
    const joined = readTensor(given[name], `${path}${name}`)
    const expected = [3 * dOut, ...shape.slice(1)]
    if (joined.shape.join() !== expected.join())
      throw invalid(`${path}${name}`, `must be (${expected.join(', ')}), not (${joined.shape.join(', ')})`)
    const size = joined.data.length / 3
    for (const [i, projection] of ['query', 'key', 'value'].entries())
      cut.set(`W_${projection}.${part}`, { shape, data: joined.data.slice(i * size, (i + 1) * size) })
  }
  return cut
}

function first<T>(items: Iterable<T>, count: number): T[] {
  const taken: T[] = []
  for (const item of items) {
    if (taken.length === count) break
    taken.push(item)
  }
  return taken
}

function unknownName(name: string, expected: readonly ParameterSpec[]): string {
  if (/\.bias$/.test(name) && /W_(query|key|value)/.test(name)) return 'is given, but model.qkv_bias is false'
  const shown = expected.slice(0, 8).map((parameter) => parameter.name)
  return `is not a parameter of this model; it has ${[...shown, ...(expected.length > 8 ? ['...'] : [])].join(', ')}; nearest is ${nearest(
    name,
    expected.map((parameter) => parameter.name),
  )}`
}
