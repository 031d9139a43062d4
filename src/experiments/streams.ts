import { Generator, linearBound } from '../random/generator.ts'

/**
 * One stream of random numbers for each thing that is drawn, so that what one arm draws moves nothing in another.
 * A stream is torch.manual_seed(16 * seed + its place here); streams of seeds below 2^28 are all different.
 */
const streams = [
  'input',
  'W_query.weight',
  'W_key.weight',
  'W_value.weight',
  'W_query.bias',
  'W_key.bias',
  'W_value.bias',
  'out_proj.weight',
  'out_proj.bias',
  'null input',
  'null W_query.weight',
  'null W_key.weight',
] as const
export type Stream = (typeof streams)[number]

const streamsPerSeed = 16

/** Seeds that differ by a multiple of this draw the same: manual_seed takes 32 bits. */
export const seedPeriod = { parameters: 2 ** 32 / streamsPerSeed, notebook: 2 ** 32 } as const

function generatorOf(seed: number, stream: Stream): Generator {
  return new Generator((seed % seedPeriod.parameters) * streamsPerSeed + streams.indexOf(stream))
}

/** Standard normals, torch.randn(out.length), into `out`. */
export function drawNormal(out: Float32Array, seed: number, stream: 'input' | 'null input'): void {
  const generator = generatorOf(seed, stream)
  generator.normal(out)
  generator.end()
}

/**
 * A Linear's weight or bias, drawn as PyTorch initialises it: `size` values. A longer draw begins with a shorter one.
 */
export function drawLinear(size: number, fanIn: number, seed: number, stream: Stream): Float32Array {
  const out = new Float32Array(size)
  const bound = linearBound(fanIn)
  const generator = generatorOf(seed, stream)
  generator.uniform(out, -bound, bound)
  generator.end()
  return out
}
