import type { Rotary, RotaryScaling } from '../architecture.ts'

const { fround } = Math

/**
 * The frequency of each turned pair, in radians a position. Each step is rounded to float32, as transformers computes
 * them: at position 2,000 a last bit of a frequency is 1e-4 of an angle.
 * https://github.com/huggingface/transformers/blob/main/src/transformers/modeling_rope_utils.py
 */
export function rotaryFrequencies({ dim, theta, scaling }: Rotary): Float32Array {
  const wavelengths = Float32Array.from({ length: dim / 2 }, (_, pair) => theta ** fround((2 * pair) / dim))
  const frequencies = wavelengths.map((wavelength) => 1 / wavelength)
  if (scaling === null) return frequencies
  if (scaling.type === 'linear') return frequencies.map((frequency) => frequency / scaling.factor)
  if (scaling.type === 'llama3') return frequencies.map((frequency) => llama3(frequency, scaling))
  return yarn(wavelengths, frequencies, { dim, theta, scaling })
}

type Llama3 = Extract<RotaryScaling, { type: 'llama3' }>
type Yarn = Extract<RotaryScaling, { type: 'yarn' }>

/** Slow turns become slower by the factor, fast ones stay, those between are mixed: Llama 3.1. */
function llama3(frequency: number, scaling: Llama3): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength } = scaling
  const wavelength = divided(2 * Math.PI, frequency)
  if (wavelength < originalContextLength / high) return frequency
  if (wavelength > originalContextLength / low) return frequency / factor
  const smooth = fround(fround(divided(originalContextLength, wavelength) - low) / fround(high - low))
  return fround(fround(fround(1 - smooth) * frequency) / factor) + fround(smooth * frequency)
}

/** a / b in float32 as PyTorch divides a number by an array: a times the rounded reciprocal. */
function divided(a: number, b: number): number {
  return fround(fround(a) * fround(1 / b))
}

/** https://arxiv.org/abs/2309.00071: pairs that turn often stay, those that turn rarely are stretched. */
function yarn(
  wavelengths: Float32Array,
  frequencies: Float32Array,
  { dim, theta, scaling }: { dim: number; theta: number; scaling: Yarn },
): Float32Array {
  const pairOf = (turns: number): number =>
    (dim * Math.log(scaling.originalContextLength / (turns * 2 * Math.PI))) / (2 * Math.log(theta))
  const round = scaling.truncate
    ? { low: Math.floor, high: Math.ceil }
    : { low: (pair: number) => pair, high: (pair: number) => pair }
  const low = Math.max(round.low(pairOf(scaling.betaFast)), 0)
  let high = Math.min(round.high(pairOf(scaling.betaSlow)), dim - 1)
  if (low === high) high += 0.001
  return frequencies.map((frequency, pair) => {
    const ramp = Math.min(1, Math.max(0, fround(fround(pair - fround(low)) / fround(high - low))))
    const kept = fround(1 - ramp)
    const stretched = fround(1 / fround(scaling.factor * wavelengths[pair]!))
    return fround(stretched * fround(1 - kept)) + fround(frequency * kept)
  })
}

/** Cosines and sines of positions 0 to count - 1, each (count, dim / 2). */
export interface RotaryTable {
  readonly cos: Float32Array
  readonly sin: Float32Array
}

export function rotaryTable(rotary: Rotary, count: number): RotaryTable {
  const frequencies = rotaryFrequencies(rotary)
  const factor = rotary.scaling?.type === 'yarn' ? rotary.scaling.attentionFactor : 1
  const cos = new Float32Array(count * frequencies.length)
  const sin = new Float32Array(cos.length)
  for (let at = 0; at < cos.length; at++) {
    const pair = at % frequencies.length
    const angle = fround(((at - pair) / frequencies.length) * frequencies[pair]!)
    cos[at] = Math.cos(angle) * factor
    sin[at] = Math.sin(angle) * factor
  }
  return { cos, sin }
}
