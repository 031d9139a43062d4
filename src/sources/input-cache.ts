import { sizeOf } from '../tensor/tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { DrawCache } from './draw-cache.ts'
import type { InUse } from './draw-cache.ts'
import { drawInput } from './input.ts'
import type { InputSource } from './input.ts'

/** A smaller one is drawn about as quickly as it is found. */
const leastValues = 2 ** 14

/** Five inputs of (1, 2048, 768). */
const inputs = new DrawCache<Tensor>({ name: 'inputs', limitBytes: 32 * 2 ** 20, arraysOf: ({ data }) => [data] })

/** The input of a request, unless it is given or has been asked for lately newly drawn. */
export function cachedInput(source: InputSource): InUse<Tensor> {
  if ('values' in source) return { value: source.values, end() {} }
  const { randn: shape, seed, advance } = source
  const draw = (): Tensor => drawInput(shape, seed, advance)
  if (sizeOf(shape) < leastValues) return { value: draw(), end() {} }
  return inputs.use(`${shape.join(' ')} ${seed} ${advance}`, draw)
}
