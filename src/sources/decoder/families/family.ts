import type { Activation, Architecture, Linear, Norm, Parameter } from '../architecture.ts'
import type { ConfigFields, FieldUse } from '../checkpoint/config-fields.ts'
import { UnsupportedModel } from '../unsupported.ts'

/** The tensors of a checkpoint, for what a configuration does not say: prefixes, old names, whether there is a head. */
export type HasTensor = (name: string) => boolean

/** A kind of model: one file of data. */
export interface Family {
  /** `model_type` in config.json. */
  readonly modelType: string
  /** Whose models these are, for documentation. */
  readonly examples: string
  /** Fields about attention beside those of every family. */
  readonly fields: Readonly<Record<string, FieldUse>>
  /** @throws UnsupportedModel where a field has no meaning here */
  architecture(config: ConfigFields, has: HasTensor): Architecture
}

/** The first prefix under which a tensor is there; the first of all where it is nowhere, to be named as missing. */
export function prefixOf(has: HasTensor, prefixes: readonly string[], name: string): string {
  return prefixes.find((prefix) => has(prefix + name)) ?? prefixes[0]!
}

export function parameter(name: string, ...shape: number[]): Parameter {
  return { name, shape }
}

/** A Linear as PyTorch keeps it; `name` without `.weight`. */
export function linear(name: string, inputs: number, outputs: number, bias: boolean): Linear {
  return {
    weight: parameter(`${name}.weight`, outputs, inputs),
    bias: bias ? parameter(`${name}.bias`, outputs) : null,
    inputs,
    outputs,
  }
}

/** GPT-2's Conv1D: a Linear whose weight a checkpoint keeps as (inputs, outputs). */
export function conv1d(name: string, inputs: number, outputs: number): Linear {
  return {
    weight: { ...parameter(`${name}.weight`, outputs, inputs), transposed: true },
    bias: parameter(`${name}.bias`, outputs),
    inputs,
    outputs,
  }
}

export function layerNorm(name: string, width: number, epsilon: number): Norm {
  return {
    kind: 'layer',
    weight: parameter(`${name}.weight`, width),
    bias: parameter(`${name}.bias`, width),
    epsilon,
    plusOne: false,
  }
}

export function rmsNorm(name: string, width: number, epsilon: number, plusOne: boolean): Norm {
  return { kind: 'rms', weight: parameter(`${name}.weight`, width), bias: null, epsilon, plusOne }
}

/** Activations by their names in configurations (transformers' ACT2FN). */
const activations: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu_tanh',
  gelu_fast: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  silu: 'silu',
  swish: 'silu',
  relu: 'relu',
}

export function activationOf(name: string): Activation {
  if (Object.hasOwn(activations, name)) return activations[name]!
  throw new UnsupportedModel(`config.json: the activation ${JSON.stringify(name)} is not supported`)
}

/** width / heads, where it is a whole number. */
export function evenShare(width: number, heads: number): number {
  if (width % heads === 0) return width / heads
  throw new UnsupportedModel(`config.json: ${heads} heads do not divide a width of ${width}`)
}

/** The head of a language model: its own matrix or, where they are tied, the embedding; null where neither is there. */
export function headOf(
  has: HasTensor,
  of: { tied: boolean; name: string; embedding: Parameter; width: number; vocabulary: number; softCap?: number | null },
): Architecture['head'] {
  const { tied, name, embedding, width, vocabulary, softCap = null } = of
  const own = linear(name, width, vocabulary, false)
  if (tied) return { linear: { ...own, weight: embedding }, softCap }
  return has(own.weight.name) ? { linear: own, softCap } : null
}
