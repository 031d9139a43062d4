import { describe, expect, it } from 'vitest'
import { numberText } from '../../src/encoders/number-definition.ts'
import { truth } from '../random/truth.ts'
import { fromBits } from './number-texts.ts'

/** A number's digits without leading and closing zeros. */
const digits = (text: string): string =>
  text
    .replace(/e.*/, '')
    .replace('.', '')
    .replace(/^0+|0+$/g, '')

describe("the definition of a number's text", () => {
  it('has the digits that NumPy prints', () => {
    for (const [bits, numpy] of truth.numbers) {
      const value = fromBits([bits])[0]!
      const ours = numberText(value)
      expect(Math.fround(JSON.parse(ours))).toBe(value)
      // Of two texts equally near NumPy takes the even digit.
      const tie = 2 * value === Number(numpy) + Number(ours)
      if (tie) expect(digits(ours)).toHaveLength(digits(numpy).length)
      else expect([value, digits(ours)]).toStrictEqual([value, digits(numpy)])
    }
  })

  it.each([
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [-1.5, '-1.5'],
    [0.1, '0.1'],
    [100, '100'],
    [123456.79, '123456.79'],
    [0.0001, '0.0001'],
    [0.00001, '1e-5'],
    [-0.0000125, '-1.25e-5'],
    [1e-45, '1e-45'],
    [1.1754944e-38, '1.1754944e-38'],
    [16777216, '16777216'],
    [123456790, '123456790'],
    [1e9, '1e9'],
    [-1.25e10, '-1.25e10'],
    [3.4028235e38, '3.4028235e38'],
    [7.0385307e-26, '7.0385307e-26'],
    [7.0385313e-26, '7.0385313e-26'],
    [NaN, 'null'],
    [Infinity, 'null'],
    [-Infinity, 'null'],
  ])('%f is %s', (value, text) => {
    expect(numberText(Math.fround(value))).toBe(text)
  })
})
