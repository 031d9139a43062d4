import { Generator } from '../random/generator.ts'
import { inputSize } from './config.ts'
import type { ExperimentInput, Pairing } from './config.ts'
import { drawNormal } from './streams.ts'

/**
 * The input of a seed, (batch + 1, seqLen, dIn): the given values or fresh normals, and one more item of zeros, on
 * which every arm must be uniform. With the study's pairing the normals come from manual_seed(seed) after `advance`
 * uniform draws.
 */
export function drawInput(
  input: ExperimentInput,
  dIn: number,
  seed: number,
  pairing: Pairing,
  advance: number,
): Float32Array {
  const { batch, seqLen } = inputSize(input)
  const size = batch * seqLen * dIn
  const data = new Float32Array(size + seqLen * dIn)
  const drawn = data.subarray(0, size)
  if ('values' in input) {
    drawn.set(input.values.data)
  } else if (pairing === 'parameters') {
    drawNormal(drawn, seed, 'input')
  } else {
    const generator = new Generator(seed)
    generator.skipUniform(advance)
    generator.normal(drawn)
  }
  return data
}
