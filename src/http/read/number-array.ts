import {
  arrayGoesOn,
  arrayIsDone,
  arrayState,
  beginArray,
  jsonWindow,
  readArray,
  undecided,
  windowValues,
} from '../../kernels/kernels.ts'
import { sizeOf } from '../../tensor/tensor.ts'

export const float32Limit = 3.4028235677973366e38 // from here on, rounding to float32 gives infinity

/** The first window is short, for most arrays are; the last ones fill the kernel's. */
const firstWindow = 256
const windowGrowth = 8

/**
 * A rectangular nested array of 1 to 4 axes in a JSON body, of nothing but numbers that float32 can hold, read without
 * the arrays between. It stands for what JSON.parse and `readNested` make of the same text.
 */
export class NumberArray {
  readonly shape: readonly number[]
  readonly data: Float32Array
  readonly #source: Buffer

  constructor(shape: readonly number[], data: Float32Array, source: Buffer) {
    this.shape = shape
    this.data = data
    this.#source = source
  }

  /** The arrays themselves, in float64 as they were written. */
  toJSON(): unknown {
    return JSON.parse(this.#source.toString('latin1'))
  }
}

/** How far an array was read that is none of numbers: well-formed up to there. */
export interface BrokenOff {
  /** Entries before that place in each array that is open there, the outermost first. */
  readonly entries: readonly number[]
  /** Whether a value comes next: otherwise a comma or the end of an array. */
  readonly beforeValue: boolean
}

export interface ReadArray {
  /** Null where it is none that a NumberArray can be. */
  readonly array: NumberArray | null
  /** Where reading stopped, always between two tokens and outside of any string. */
  readonly end: number
  /** Null where there is an array, and where a number stands at `end` that float32 cannot hold. */
  readonly brokenOff: BrokenOff | null
}

/** Reads the array whose bracket opens at `start`. */
export function readNumberArray(body: Buffer, start: number): ReadArray {
  beginArray()
  const parts: Float32Array[] = []
  let at = start
  for (let size = firstWindow; ; size = Math.min(size * windowGrowth, jsonWindow.length)) {
    const length = body.copy(jsonWindow, 0, at, Math.min(at + size, body.length))
    const status = readArray(length)
    const [taken, count, unsure] = arrayState as unknown as [number, number, number]
    const unheld = decide(unsure)
    if (unheld !== null) return { array: null, end: at + unheld, brokenOff: null }
    at += taken
    if (status === arrayIsDone) {
      const shape = Array.from(arrayState.subarray(4, 4 + arrayState[3]!))
      const array = new NumberArray(shape, joined(parts, count, sizeOf(shape)), body.subarray(start, at))
      return { array, end: at, brokenOff: null }
    }
    const stuck = taken === 0 && (length === jsonWindow.length || at + length === body.length)
    if (status !== arrayGoesOn || stuck) return { array: null, end: at, brokenOff: brokenOff() }
    if (count > 0) parts.push(windowValues.slice(0, count))
  }
}

function brokenOff(): BrokenOff {
  return { entries: Array.from(arrayState.subarray(9, 9 + arrayState[8]!)), beforeValue: arrayState[13] === 1 }
}

/** What the kernel could not tell quickly, by the definition. Where in the window a number is that float32 cannot hold. */
function decide(count: number): number | null {
  if (count === 0) return null
  const first = undecided[0]!
  const last = 3 * (count - 1)
  const text = jsonWindow.toString('latin1', first, undecided[last]! + undecided[last + 1]!)
  for (let i = 0; i <= last; i += 3) {
    const from = undecided[i]!
    const value = Number(text.slice(from - first, from - first + undecided[i + 1]!))
    if (!(Math.abs(value) < float32Limit)) return from
    windowValues[undecided[i + 2]!] = value
  }
  return null
}

/** The parts, and behind them the window's first `count` values: `size` in all. */
function joined(parts: readonly Float32Array[], count: number, size: number): Float32Array {
  const data = new Float32Array(size)
  let at = 0
  for (const part of parts) {
    data.set(part, at)
    at += part.length
  }
  data.set(windowValues.subarray(0, count), at)
  return data
}
