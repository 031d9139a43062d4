import { invalid } from '../../errors.ts'
import { modelClasses } from '../../sources/chapter-3/classes.ts'
import type { NamedParameters } from '../../sources/source.ts'
import type { ModelSpec } from '../../sources/chapter-3/spec.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { plainObject, pointerToken, readTensor } from './tensor.ts'

/**
 * A state dict, by PyTorch's names: every parameter of the model, with its shape, and nothing else but the causal mask.
 */
export function readParameters(spec: ModelSpec, value: unknown): NamedParameters {
  const path = '/model/parameters'
  const given = plainObject(value, path)
  const model = modelClasses[spec.kind]
  const masks = model.maskBuffers(spec)
  const expected = model.parameters(spec)
  const names = new Set([...expected.map(({ name }) => name), ...masks])
  for (const name of Object.keys(given)) {
    if (!names.has(name))
      throw invalid(
        `${path}/${pointerToken(name)}`,
        unknownName(
          name,
          expected.map((parameter) => parameter.name),
        ),
      )
  }
  for (const name of masks) {
    if (name in given) checkMask(readTensor(given[name], `${path}/${name}`), spec.contextLength, `${path}/${name}`)
  }
  const parameters = new Map<string, Tensor>()
  for (const { name, shape } of expected) {
    if (!Object.hasOwn(given, name))
      throw invalid(`${path}/${name}`, `is missing: the model has it, (${shape.join(', ')})`)
    const tensor = readTensor(given[name], `${path}/${name}`)
    if (tensor.shape.join() !== shape.join())
      throw invalid(`${path}/${name}`, `must be (${shape.join(', ')}), not (${tensor.shape.join(', ')})`)
    parameters.set(name, tensor)
  }
  return parameters
}

function unknownName(name: string, expected: readonly string[]): string {
  if (/\.bias$/.test(name) && /W_(query|key|value)/.test(name)) return 'is given, but model.qkv_bias is false'
  const shown = expected.length > 8 ? [...expected.slice(0, 8), '...'] : expected
  return `is not a parameter of this model; it has ${shown.join(', ')}`
}

/** A `mask` buffer must be the causal one: (context_length, context_length), 1 above the diagonal, 0 elsewhere. */
function checkMask(mask: Tensor, contextLength: number, path: string): void {
  if (mask.shape.join() !== [contextLength, contextLength].join())
    throw invalid(path, `must be (${contextLength}, ${contextLength}), not (${mask.shape.join(', ')})`)
  for (let query = 0; query < contextLength; query++) {
    for (let key = 0; key < contextLength; key++) {
      if (mask.data[query * contextLength + key] !== (key > query ? 1 : 0))
        throw invalid(path, 'must be the causal mask: 1 above the diagonal, 0 elsewhere')
    }
  }
}
