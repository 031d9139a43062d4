import { readFileSync } from 'node:fs'
import { linearBound } from '../../src/random/generator.ts'
import type { Draws } from '../../src/random/draws.ts'

/** One draw of test/truth/generator.json, made by PyTorch 2.9.1. */
export type Draw =
  | { draw: 'uniform'; count: number; low: number; high: number; values: string }
  | { draw: 'linear'; count: number; fanIn: number; values: string }
  | { draw: 'normal'; count: number; values: string }
  | { draw: 'keepMask'; count: number; dropout: number; values: string }
  | { draw: 'skipUniform'; count: number }

interface Truth {
  cases: { name: string; seed: number; draws: Draw[] }[]
  /** Bits of float32 values and their shortest digits as NumPy prints them. */
  numbers: [number, string][]
}

export const truth: Truth = JSON.parse(readFileSync(new URL('../truth/generator.json', import.meta.url), 'utf8'))

/** PyTorch's values of a draw. */
export function expected(draw: Draw): Float32Array | Uint8Array {
  if (draw.draw === 'skipUniform') return new Uint8Array(0)
  const bytes = Uint8Array.from(Buffer.from(draw.values, 'base64'))
  return draw.draw === 'keepMask' ? bytes : new Float32Array(bytes.buffer)
}

/** The same draw from a generator of ours. */
export function perform(generator: Draws, draw: Draw): Float32Array | Uint8Array {
  if (draw.draw === 'skipUniform') {
    generator.skipUniform(draw.count)
    return new Uint8Array(0)
  }
  if (draw.draw === 'keepMask') {
    const mask = new Uint8Array(draw.count)
    generator.keepMask(mask, draw.dropout)
    return mask
  }
  const out = new Float32Array(draw.count)
  if (draw.draw === 'normal') generator.normal(out)
  else if (draw.draw === 'uniform') generator.uniform(out, draw.low, draw.high)
  else generator.uniform(out, -linearBound(draw.fanIn), linearBound(draw.fanIn))
  return out
}
