import { readFileSync } from 'node:fs'

/** What build/kernels.wasm exports; src/kernels/assembly/ is its source and says what each does. */
interface Exports {
  memory: WebAssembly.Memory
  SCRATCH: WebAssembly.Global
  SCRATCH_LENGTH: WebAssembly.Global
  STATE: WebAssembly.Global
  seed(seed: number): void
  skip(count: number): void
  words(count: number): void
  uniform(count: number, low: number, range: number): void
  normal(count: number): void
  keepMask(count: number, keep: number): void
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

const exports = new WebAssembly.Instance(compile()).exports as unknown as Exports
const { buffer } = exports.memory // of a fixed size, so views of it stay valid

/** How many values go through `scratch` at once. */
export const scratchLength = exports.SCRATCH_LENGTH.value

/** The region in which the kernels find their values and leave their results, seen as what it may hold. */
export const scratch = {
  floats: new Float32Array(buffer, exports.SCRATCH.value, scratchLength),
  words: new Uint32Array(buffer, exports.SCRATCH.value, scratchLength),
  bytes: new Uint8Array(buffer, exports.SCRATCH.value, scratchLength),
}

/** The Mersenne Twister's state: 624 words and the position of the next one. */
export const twisterState = new Uint32Array(buffer, exports.STATE.value, 625)

export const { seed, skip, words, uniform, normal, keepMask } = exports
