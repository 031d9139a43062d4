import { unzipSync } from 'fflate'
import type { HttpResponse } from './http-client.ts'

/** Every number of an answer by its name: `weights`, `context`, `summary.weights.entropy`, ... in row-major order. */
export type Numbers = Map<string, ArrayLike<number>>

type Json = number | string | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** Reads JSON (tensors nested, flat or base64) and npz. */
export function numbersOf(response: HttpResponse): Numbers {
  const numbers: Numbers = new Map()
  if (/content-type: *application\/x-npz/i.test(response.head)) {
    for (const [file, bytes] of Object.entries(unzipSync(response.body))) {
      const array = readNpy(bytes)
      if (array !== undefined) numbers.set(file.replace(/\.npy$/, ''), array)
    }
    return numbers
  }
  const answer = JSON.parse(response.body.toString('latin1')) as Json
  collect('', answer, numbers)
  return new Map([...numbers, ...reportNumbers(answer)])
}

interface Comparison {
  arm: string
  baseline: string
  statistic: string
  mean_difference: number
  confidence_interval: [number, number]
}

/** An experiment's comparisons: `comparison.qkv-none.entropy` -> mean difference, lower and upper bound. */
export function reportNumbers(report: unknown): Numbers {
  const { comparisons = [] } = report as { comparisons?: Comparison[] }
  return new Map(
    comparisons.map((each) => [
      `comparison.${each.arm}-${each.baseline}.${each.statistic}`,
      [each.mean_difference, ...each.confidence_interval],
    ]),
  )
}

function collect(name: string, value: Json, into: Numbers): void {
  if (typeof value === 'number') into.set(name, [value])
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    const flat = (value as unknown[]).flat(Infinity)
    if (flat.every((each) => typeof each === 'number')) into.set(name, flat as number[])
    return
  }
  const members = value as { readonly [name: string]: Json }
  if (typeof members['base64'] === 'string') {
    const bytes = Buffer.from(members['base64'], 'base64')
    into.set(name, float32(bytes, bytes.length / 4))
    return
  }
  for (const [key, member] of Object.entries(members)) collect(name === '' ? key : `${name}.${key}`, member, into)
}

/** NumPy's .npy of little-endian float32; anything else is left out. */
function readNpy(bytes: Uint8Array): Float32Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const headerAt = bytes[6] === 1 ? 10 : 12
  const headerLength = bytes[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  const header = Buffer.from(bytes.buffer, bytes.byteOffset + headerAt, headerLength).toString('latin1')
  if (!header.includes("'<f4'")) return undefined
  const data = bytes.subarray(headerAt + headerLength)
  return float32(data, data.length / 4)
}

function float32(bytes: Uint8Array, count: number): Float32Array {
  return new Float32Array(bytes.slice(0, count * 4).buffer)
}
