import type { Projection, Projections } from '../../problem/operands.ts'
import type { NamedParameters } from '../source.ts'
import type { ModelKind, ModelSpec } from './spec.ts'

/** A parameter as PyTorch would name, shape and draw it. */
export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  /** Inputs of the Linear that it belongs to: drawn from U(-1/sqrt(fanIn), 1/sqrt(fanIn)). */
  readonly fanIn: number
  /** Which projection it belongs to. */
  readonly projection: keyof Projections
}

/**
 * A model class: which parameters it has, in the order in which PyTorch's constructor draws them,
 * and how they become the one attention problem. A fourth class is one more of these.
 */
export interface ModelClass {
  readonly kind: ModelKind
  /** The class's name in the source study. */
  readonly className: string
  /** One after the other: a spec may have more of them than memory holds names of. */
  parameters(spec: ModelSpec): Iterable<ParameterSpec>
  /** Value and output are null where they were not drawn. */
  lower(spec: ModelSpec, parameters: NamedParameters): Projections
  /** Names under which a state dict may carry the causal mask, a buffer of (context_length, context_length). */
  maskBuffers(spec: ModelSpec): Iterable<string>
  /**
   * In which order train mode draws the dropout mask: `batch` runs over (batch, heads, query, key) in one tensor,
   * `head` draws one head's (batch, query, key) after the other, as the wrapper's heads do.
   */
  readonly dropoutOrder: 'batch' | 'head'
}

/** The parameters of `nn.Linear(fanIn, out)`, weight before bias. */
function linearParameters(
  prefix: string,
  projection: keyof Projections,
  fanIn: number,
  out: number,
  bias: boolean,
): ParameterSpec[] {
  const weight: ParameterSpec = { name: `${prefix}.weight`, shape: [out, fanIn], fanIn, projection }
  return bias ? [weight, { name: `${prefix}.bias`, shape: [out], fanIn, projection }] : [weight]
}

/** The output projection's Linear, which has a bias. */
export function outProjParameters(width: number): ParameterSpec[] {
  return linearParameters('out_proj', 'output', width, width, true)
}

/** The queries', keys' and values' Linears, in the constructor's order. */
export function qkvParameters(prefix: string, dIn: number, dOut: number, bias: boolean): ParameterSpec[] {
  return (['query', 'key', 'value'] as const).flatMap((projection) =>
    linearParameters(`${prefix}W_${projection}`, projection, dIn, dOut, bias),
  )
}

/** A Linear's weight and bias out of a model's parameters. */
export function linear(parameters: NamedParameters, prefix: string): Projection {
  return { weight: parameters.get(`${prefix}.weight`)!.data, bias: parameters.get(`${prefix}.bias`)?.data ?? null }
}

/** The same, or null where it was not drawn. */
export function linearIfDrawn(parameters: NamedParameters, prefix: string): Projection | null {
  return parameters.has(`${prefix}.weight`) ? linear(parameters, prefix) : null
}

/** Whether attention maps depend on a parameter: on those of queries and keys. */
export function shapesMaps({ projection }: ParameterSpec): boolean {
  return projection === 'query' || projection === 'key'
}
