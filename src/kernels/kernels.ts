import { readFileSync } from 'node:fs'
import {
  decimalPlaces,
  floatPowersOfTen,
  fractionExponents,
  fractionScale,
  powersOfFive,
  powersOfTen,
  wholePowersOfTen,
} from './powers.ts'

/** What build/kernels.wasm exports; its source, src/kernels/assembly/, says what each does. */
interface Exports {
  memory: WebAssembly.Memory
  LINEAR: WebAssembly.Global
  LINEAR_LENGTH: WebAssembly.Global
  SCRATCH: WebAssembly.Global
  SCRATCH_LENGTH: WebAssembly.Global
  STATE: WebAssembly.Global
  TEXT: WebAssembly.Global
  TEXT_LENGTH: WebAssembly.Global
  POWERS_OF_FIVE: WebAssembly.Global
  POWERS_OF_TEN: WebAssembly.Global
  FRACTION_SCALES: WebAssembly.Global
  FRACTION_PLACES: WebAssembly.Global
  VISIBLE: WebAssembly.Global
  ROWS_LENGTH: WebAssembly.Global
  ROWS_PER_ARRAY: WebAssembly.Global
  WINDOW: WebAssembly.Global
  WINDOW_LENGTH: WebAssembly.Global
  VALUES: WebAssembly.Global
  VALUES_LENGTH: WebAssembly.Global
  UNDECIDED: WebAssembly.Global
  UNDECIDED_LENGTH: WebAssembly.Global
  FLOAT_POWERS: WebAssembly.Global
  WHOLE_POWERS: WebAssembly.Global
  ARRAY: WebAssembly.Global
  MORE: WebAssembly.Global
  DONE: WebAssembly.Global
  MOMENTS: WebAssembly.Global
  linear(rows: number, inputs: number, outputs: number): void
  moments(count: number, width: number, left: number): void
  seed(seed: number): void
  skip(count: number): void
  words(count: number): void
  uniform(count: number, low: number, range: number): void
  normal(count: number): void
  keepMask(count: number, keep: number): void
  rows(count: number, width: number, rest: number, brackets: number, row: number): number
  beginArray(): void
  readArray(length: number): number
}

function compile(): WebAssembly.Module {
  const file = new URL('../../build/kernels.wasm', import.meta.url)
  try {
    return new WebAssembly.Module(readFileSync(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new Error('build/kernels.wasm is missing: run `npm run build:kernels`', { cause: error })
  }
}

const kernels = new WebAssembly.Instance(compile()).exports as unknown as Exports
const { buffer } = kernels.memory // of a fixed size, so views of it stay valid

new BigUint64Array(buffer, kernels.POWERS_OF_FIVE.value).set(powersOfFive)
new BigUint64Array(buffer, kernels.POWERS_OF_TEN.value).set(powersOfTen)
new Float64Array(buffer, kernels.FLOAT_POWERS.value).set(floatPowersOfTen)
new BigUint64Array(buffer, kernels.WHOLE_POWERS.value).set(wholePowersOfTen)
for (const biased of fractionExponents) {
  new Float64Array(buffer, kernels.FRACTION_SCALES.value).set(fractionScale(biased), 2 * biased)
  new Uint8Array(buffer, kernels.FRACTION_PLACES.value)[biased] = decimalPlaces(biased)
}

/** How many values go through `scratch` at once. */
export const scratchLength = kernels.SCRATCH_LENGTH.value

/** The region in which the kernels find their values and leave their draws, seen as what it may hold. */
export const scratch = {
  floats: new Float32Array(buffer, kernels.SCRATCH.value, scratchLength),
  words: new Uint32Array(buffer, kernels.SCRATCH.value, scratchLength),
  bytes: new Uint8Array(buffer, kernels.SCRATCH.value, scratchLength),
}

/** The region of a projection's operands and result. */
export const linearArea = new Float32Array(buffer, kernels.LINEAR.value, kernels.LINEAR_LENGTH.value)

/** What `moments` finds in a window; moments.ts says what it holds. */
export const windowMoments = new Float64Array(buffer, kernels.MOMENTS.value, 7)

/** The region in which the kernels leave text. */
export const text = Buffer.from(buffer, kernels.TEXT.value, kernels.TEXT_LENGTH.value)

/** The Mersenne Twister's state: 624 words and the position of the next one. */
export const twisterState = new Uint32Array(buffer, kernels.STATE.value, 625)

/** The most rows that become text at once, and each row's number of values in `scratch`. */
export const visible = new Uint32Array(buffer, kernels.VISIBLE.value, kernels.ROWS_LENGTH.value)

/** How many rows fill an array of each level above a row's own, the innermost first. */
export const rowsPerArray = new Uint32Array(buffer, kernels.ROWS_PER_ARRAY.value, 6)

/**
 * The region of the text of an array that is read, and those of what is found in it; number-arrays.ts says what they
 * hold.
 */
export const jsonWindow = Buffer.from(buffer, kernels.WINDOW.value, kernels.WINDOW_LENGTH.value)
export const windowValues = new Float32Array(buffer, kernels.VALUES.value, kernels.VALUES_LENGTH.value)
export const undecided = new Uint32Array(buffer, kernels.UNDECIDED.value, 3 * kernels.UNDECIDED_LENGTH.value)
export const arrayState = new Uint32Array(buffer, kernels.ARRAY.value, 14)
export const [arrayGoesOn, arrayIsDone] = [kernels.MORE.value, kernels.DONE.value]

export const { linear, moments, seed, skip, words, uniform, normal, keepMask, rows, beginArray, readArray } = kernels
