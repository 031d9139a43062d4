import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { EngineName } from '../../src/engines/engine.ts'
import type { Service } from '../../src/service.ts'

interface Binary {
  readonly shape: readonly number[]
  readonly base64: string
  readonly dtype?: 'float64'
}
export interface Case {
  readonly name: string
  readonly path?: string
  readonly tolerance?: number
  readonly body: Record<string, unknown>
  readonly expected: Readonly<Record<string, Binary>>
}

/** The requests of a file of truth, with what others answer to them. */
export const casesOf = (file: string): Case[] => JSON.parse(readFileSync(new URL(`./${file}`, import.meta.url), 'utf8'))

function numbersOf({ base64, dtype }: Binary): Float32Array | Float64Array {
  const { buffer } = new Uint8Array(Buffer.from(base64, 'base64'))
  return dtype === 'float64' ? new Float64Array(buffer) : new Float32Array(buffer)
}

/** Sends a case to an engine and holds each stage of the answer against what is expected of it. */
export async function checkCase(service: Service, of: Case, engine: EngineName, tolerance: number): Promise<void> {
  const names = Object.keys(of.expected)
  const answer = await service.app.inject({
    method: 'POST',
    url: of.path ?? '/attention/scaled-dot-product',
    payload: { ...of.body, engine, return: names, tensor_format: 'base64' },
  })
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
