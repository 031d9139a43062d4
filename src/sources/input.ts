import { Generator } from '../random/generator.ts'
import { takeFloats } from '../tensor/float-memory.ts'
import { sizeOf } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { float32Zeros } from '../tensor/zeros.ts'

/** Where an array of a request comes from. */
export type InputSource =
  /** torch.manual_seed(seed); torch.empty(advance).uniform_(); torch.randn(shape) */
  { readonly randn: readonly number[]; readonly seed: number; readonly advance: number } | { readonly values: Tensor }

/** Its shape, before anything is drawn. */
export function inputShape(input: InputSource): readonly number[] {
  return 'randn' in input ? input.randn : input.values.shape
}

/** Up to so many values, memory that others have parts of is quicker to have. */
const fewValues = 2 ** 14

/**
 * Standard normal values as torch.manual_seed(seed); torch.empty(advance).uniform_(); torch.randn(shape) gives them.
 */
export function drawInput(shape: readonly number[], seed: number, advance: number): Tensor {
  const generator = new Generator(seed)
  generator.skipUniform(advance)
  const size = sizeOf(shape)
  const data = size <= fewValues ? float32Zeros(size) : takeFloats(size)
  generator.normal(data)
  generator.end()
  return { shape, data }
}
