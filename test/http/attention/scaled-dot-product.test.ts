import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EngineName } from '../../../src/engines/engine.ts'
import type { Service } from '../../../src/service.ts'
import { startService } from '../../support/service.ts'

const path = '/attention/scaled-dot-product'

interface Binary {
  readonly shape: readonly number[]
  readonly base64: string
  readonly dtype?: 'float64'
}
interface Case {
  readonly name: string
  readonly path?: string
  readonly tolerance?: number
  readonly body: Record<string, unknown>
  readonly expected: Readonly<Record<string, Binary>>
}

const casesOf = (file: string): Case[] =>
  JSON.parse(readFileSync(new URL(`../../truth/${file}`, import.meta.url), 'utf8'))

function numbersOf({ base64, dtype }: Binary): Float32Array | Float64Array {
  const { buffer } = new Uint8Array(Buffer.from(base64, 'base64'))
  return dtype === 'float64' ? new Float64Array(buffer) : new Float32Array(buffer)
}

let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())

const post = (body: object, url = path) => service.app.inject({ method: 'POST', url, payload: body })

/** Sends a case to an engine and holds each stage of the answer against what is expected of it. */
async function check(of: Case, engine: EngineName, tolerance: number): Promise<void> {
  const names = Object.keys(of.expected)
  const answer = await post({ ...of.body, engine, return: names, tensor_format: 'base64' }, of.path)
  expect(answer.statusCode, answer.body.slice(0, 400)).toBe(200)
  for (const name of names) {
    const found = answer.json()[name] as Binary
    const expected = of.expected[name]!
    expect(found.shape).toEqual(expected.shape)
    const [ours, theirs] = [numbersOf(found), numbersOf(expected)]
    const greatest = Math.max(1, ...[...theirs].filter(Number.isFinite).map(Math.abs))
    for (let i = 0; i < theirs.length; i++) {
      if (name === 'scores' && !Number.isFinite(ours[i]!)) continue // hidden
      const off = Math.abs(ours[i]! - theirs[i]!)
      expect(off, `${name}[${i}]: ${ours[i]} instead of ${theirs[i]}`).toBeLessThanOrEqual(tolerance * greatest)
    }
  }
}

describe.each(['reference', 'direct'] as const)('%s', (engine) => {
  const onnx = casesOf('onnx-attention.json')
  it.each(onnx.map((of) => [of.name, of] as const))('answers ONNX’s own case %s', async (_, of) => {
    await check(of, engine, of.tolerance!)
  })

  const others = casesOf('any-attention.json').filter((of) => of.path === path)
  it.each(others.map((of) => [of.name, of] as const))('answers as PyTorch does: %s', async (_, of) => {
    await check(of, engine, 2e-6)
  })
})
