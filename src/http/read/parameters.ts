import { invalid } from '../../errors.ts'
import { modelClasses } from '../../sources/chapter-3/classes.ts'
import type { NamedParameters } from '../../sources/source.ts'
import type { ParameterSpec } from '../../sources/chapter-3/model.ts'
import type { ModelSpec } from '../../sources/chapter-3/spec.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { checkMask } from './mask-buffer.ts'
import { plainObject, pointerToken, readTensor } from './tensor.ts'

/** Names of a model that are looked at beside those that are given, to tell a misspelt name from a missing one. */
const namesAhead = 1_000

/**
 * A state dict, by PyTorch's names: every parameter of the model, with its shape, and nothing else but the causal mask.
 */
export function readParameters(spec: ModelSpec, value: unknown): NamedParameters {
  const path = '/model/parameters'
  const given = plainObject(value, path)
  const names = Object.keys(given)
  const model = modelClasses[spec.kind]
  // A model may have thousands of millions of names, of which no more are listed than a request could have given.
  const most = names.length + namesAhead
  const expected = first(model.parameters(spec), most)
  const masks = first(model.maskBuffers(spec), most)
  if (expected.length < most && masks.length < most) {
    const known = new Set([...expected.map(({ name }) => name), ...masks])
    const unknown = names.find((name) => !known.has(name))
    if (unknown !== undefined) throw invalid(`${path}/${pointerToken(unknown)}`, unknownName(unknown, expected))
  }
  for (const { name, shape } of expected) {
    if (!Object.hasOwn(given, name))
      throw invalid(`${path}/${name}`, `is missing: the model has it, (${shape.join(', ')})`)
  }
  for (const name of masks) {
    if (name in given) checkMask(given[name], spec.contextLength, `${path}/${name}`)
  }
  const parameters = new Map<string, Tensor>()
  for (const { name, shape } of expected) {
    const tensor = readTensor(given[name], `${path}/${name}`)
    if (tensor.shape.join() !== shape.join())
      throw invalid(`${path}/${name}`, `must be (${shape.join(', ')}), not (${tensor.shape.join(', ')})`)
    parameters.set(name, tensor)
  }
  return parameters
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
  return `is not a parameter of this model; it has ${[...shown, ...(expected.length > 8 ? ['...'] : [])].join(', ')}`
}
