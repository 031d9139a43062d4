import type { Parameter } from './architecture.ts'

/** Where a parameter's float32 values lie in a file of weights: row-major and little-endian, aligned to 4 bytes. */
export interface WeightPlace {
  readonly shape: readonly number[]
  /** From the beginning of the file. */
  readonly offset: number
  readonly bytes: number
}

/** A model's parameters as float32 in one file that nobody else writes, so that it may be mapped into memory. */
export interface Weights {
  readonly folder: string
  /** The file's name in its folder. */
  readonly file: string
  place(parameter: Parameter): WeightPlace
  /** All of a parameter's values. */
  read(parameter: Parameter): Promise<Float32Array>
  /** A parameter's values from element `from` on, as many as there is room for. */
  readInto(into: Float32Array, parameter: Parameter, from: number): Promise<void>
}
