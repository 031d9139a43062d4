import { scheme } from 'vega'
import { describe, expect, it } from 'vitest'
import { divergingColour, sequentialColour } from '../../src/figures/heatmap.ts'
import type { CellColour } from '../../src/figures/heatmap.ts'

/** Relative luminance of WCAG 2. */
function luminance(colour: string): number {
  const channels = colour.startsWith('#')
    ? [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
    : colour.match(/\d+/g)!.map(Number)
  const [r, g, b] = channels
    .map((value) => value / 255)
    .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].toSorted((x, y) => x - y)
  return (light! + 0.05) / (dark! + 0.05)
}

describe.each<[string, CellColour]>([
  ['sequential', sequentialColour([-3, 5])],
  ['diverging', divergingColour(0.7)],
])('a number on a %s cell', (_, colour) => {
  it('can be read on every colour of the scale (contrast AA)', () => {
    const interpolate = scheme(colour.scale.scheme) as unknown as (at: number) => string
    const [low, high] = colour.scale.domain
    const test = new Function('value', `const { abs } = Math; return ${colour.ink.test('value')}`) as (
      value: number,
    ) => boolean
    for (let i = 0; i <= 200; i++) {
      const value = low + (i / 200) * (high - low)
      const cell = interpolate(colour.scale.reverse ? 1 - i / 200 : i / 200)
      expect(contrast(cell, test(value) ? colour.ink.then : colour.ink.otherwise)).toBeGreaterThan(4.5)
    }
  })
})
