import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { rotaryFrequencies, rotaryTable } from '../../../../src/sources/decoder/backbone/rotary.ts'
import { readRotary } from '../../../../src/sources/decoder/checkpoint/rotary-fields.ts'

interface Case {
  readonly head_dim: number
  readonly context_length: number
  readonly parameters: Record<string, unknown>
  readonly frequencies: readonly number[]
  readonly magnitude: number
}

const cases = JSON.parse(
  await readFile(join(import.meta.dirname, '../../../truth/rotary.json'), 'utf8'),
) as readonly Case[]

describe('rotary positions', () => {
  it.each(cases)('of $parameters have the frequencies of transformers, to the last bit or two', (of) => {
    const defaults = { headDim: of.head_dim, contextLength: of.context_length, theta: 1, share: null }
    const rotary = readRotary(of.parameters, 'rope_parameters', defaults)
    const frequencies = rotaryFrequencies(rotary)
    expect(frequencies.length).toBe(of.frequencies.length)
    for (const [pair, frequency] of frequencies.entries())
      expect(Math.abs(frequency / of.frequencies[pair]! - 1)).toBeLessThan(2.5e-7) // PyTorch's pow is not exact
    expect(rotaryTable(rotary, 1).cos[0]).toBeCloseTo(of.magnitude, 7)
  })
})
