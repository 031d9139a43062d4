import type { HttpRequest } from './harness/http-client.ts'

type Json = Readonly<Record<string, unknown>>

export const JSON_TYPE = 'application/json'
export const NPZ_TYPE = 'application/x-npz'
export const MULTI_HEAD = '/attention/multi-head'

export function post(path: string, body: Json, accept = JSON_TYPE): HttpRequest {
  return { method: 'POST', path, headers: { 'content-type': JSON_TYPE, accept }, body: JSON.stringify(body) }
}

/** The study's size: B 5, T 8, d_in 20, d_out 16, 2 heads. */
export const studySize: Json = {
  model: { d_in: 20, d_out: 16, num_heads: 2, seed: 42 },
  input: { randn: [5, 8, 20], seed: 42 },
  return: ['weights', 'context', 'summary'],
}

/** GPT-2's width: B 1, d 768. */
export function wide(seqLen: number, wanted: readonly string[], { seed = 42, inputSeed = 7, heads = 12 } = {}): Json {
  return {
    model: { d_in: 768, d_out: 768, num_heads: heads, seed },
    input: { randn: [1, seqLen, 768], seed: inputSeed },
    return: wanted,
  }
}

/**
 * The same with its input written out: normal numbers (Box-Muller over a fixed linear congruential generator) as
 * float32.
 */
export function wideInline(seqLen: number, wanted: readonly string[]): Json {
  let state = 1
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 1) / 2 ** 32
  }
  const normal = (): number =>
    Number(Math.fround(Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())).toPrecision(8))
  const row = (): number[] => Array.from({ length: 768 }, normal)
  return { ...wide(seqLen, wanted), input: { values: [Array.from({ length: seqLen }, row)] } }
}
