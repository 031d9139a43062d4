import type { Architecture, LayerArchitecture, Linear, Norm, Parameter } from '../architecture.ts'
import { ConfigFields } from '../checkpoint/config-fields.ts'
import { UnsupportedModel } from '../unsupported.ts'
import { bert } from './bert.ts'
import type { Family, HasTensor } from './family.ts'
import { gemma2 } from './gemma2.ts'
import { gemma3Text } from './gemma3-text.ts'
import { gpt2 } from './gpt2.ts'
import { gptNeox } from './gpt-neox.ts'
import { llama } from './llama.ts'
import { mistral } from './mistral.ts'
import { qwen2 } from './qwen2.ts'
import { qwen3 } from './qwen3.ts'

/** Every family that is served. */
export const families: readonly Family[] = [gpt2, gptNeox, llama, mistral, qwen2, qwen3, gemma2, gemma3Text, bert]

/**
 * What a config.json describes. `has` says which tensors the checkpoint holds.
 * @throws UnsupportedModel with the field that is not understood
 */
export function readArchitecture(config: Readonly<Record<string, unknown>>, has: HasTensor): Architecture {
  const { model_type: type } = config
  const family = families.find(({ modelType }) => modelType === type)
  if (family === undefined) {
    const known = families.map(({ modelType }) => modelType).join(', ')
    throw new UnsupportedModel(`config.json: model_type ${JSON.stringify(type)} is not one of ${known}`)
  }
  const fields = new ConfigFields(config)
  fields.classify(family.fields)
  return family.architecture(fields, has)
}

/** The parameters of a whole model, each once. */
export function parametersOf(architecture: Architecture): Parameter[] {
  const { embedding, layers, finalNorm, head } = architecture
  const all = [
    embedding.tokens,
    embedding.positions,
    embedding.tokenTypes,
    ...ofNorm(embedding.norm),
    ...layers.flatMap(parametersOfLayer),
    ...ofNorm(finalNorm),
    ...(head === null ? [] : ofLinear(head.linear)),
  ].filter((parameter) => parameter !== null)
  return [...new Map(all.map((parameter) => [parameter.name, parameter])).values()]
}

function parametersOfLayer(layer: LayerArchitecture): (Parameter | null)[] {
  const { projections, feedForward } = layer
  const linears =
    projections.kind === 'fused' ? [projections.linear] : [projections.query, projections.key, projections.value]
  const norms = [
    layer.inputNorm,
    layer.queryNorm,
    layer.keyNorm,
    layer.attentionOutputNorm,
    layer.residualNorm,
    layer.feedForwardNorm,
    layer.feedForwardOutputNorm,
    layer.outputNorm,
  ]
  return [
    ...[...linears, layer.output, feedForward.gate, feedForward.up, feedForward.down].flatMap(ofLinear),
    ...norms.flatMap(ofNorm),
  ]
}

function ofLinear(linear: Linear | null): (Parameter | null)[] {
  return linear === null ? [] : [linear.weight, linear.bias]
}

function ofNorm(norm: Norm | null): (Parameter | null)[] {
  return norm === null ? [] : [norm.weight, norm.bias]
}
