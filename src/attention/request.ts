import type { EngineName } from '../engines/engine.ts'
import type { NamedParameters } from '../sources/chapter-3/model.ts'
import type { ModelSpec } from '../sources/chapter-3/spec.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Everything that an answer can hold, by its name on the wire. */
export const returnNames = [
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
] as const
export type ReturnName = (typeof returnNames)[number]

export const tensorFormats = ['nested', 'flat', 'base64'] as const
export type TensorFormat = (typeof tensorFormats)[number]

/** Where the parameters come from. */
export type ParameterSource =
  /**
   * As torch.manual_seed(seed) and the class's constructor would draw them; train mode's mask is drawn from there on.
   */
  | { readonly seed: number }
  /** A state dict; train mode's mask is drawn after torch.manual_seed(dropoutSeed). */
  | { readonly given: NamedParameters; readonly dropoutSeed: number }

/** Where the input comes from. */
export type InputSource =
  /** torch.manual_seed(seed); torch.empty(advance).uniform_(); torch.randn(shape) */
  | {
      readonly randn: readonly [batch: number, seqLen: number, dIn: number]
      readonly seed: number
      readonly advance: number
    }
  /** (batch, seqLen, dIn) */
  | { readonly values: Tensor }

/** One computation, checked and with every default filled in. */
export interface AttentionRequest {
  readonly spec: ModelSpec
  readonly parameters: ParameterSource
  readonly input: InputSource
  readonly mode: 'eval' | 'train'
  /** The engine asked for, if any. */
  readonly engine: EngineName | undefined
  readonly returns: ReadonlySet<ReturnName>
  /** Heads to return, or null for all. */
  readonly heads: readonly number[] | null
  /** First and last query row to return, or null for all. */
  readonly rows: readonly [first: number, last: number] | null
  readonly tensorFormat: TensorFormat
  /** Labels, one a position. */
  readonly tokens: readonly string[] | null
}

/** (batch, seqLen, dIn) of the request's input. */
export function inputShape(request: AttentionRequest): readonly [batch: number, seqLen: number, dIn: number] {
  return 'randn' in request.input
    ? request.input.randn
    : (request.input.values.shape as unknown as [number, number, number])
}
