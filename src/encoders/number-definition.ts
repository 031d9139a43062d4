/**
 * A float32 as JSON: the fewest decimal digits that read back as the same float32, and
 * of these the ones nearest to it (of two equally near, the larger). NaN and infinities,
 * for which JSON has no number, are null.
 *
 * The plain definition of src/kernels/assembly/number-text.ts and shortest.ts.
 */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return 'null'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  if (value === 0) return `${sign}0`
  const { digits, power } = shortestDecimal(Math.abs(value))
  return sign + notation(digits, power)
}

/** Plain from 0.0001 to below 10^9, else with an exponent: what takes few characters and reads well. */
function notation(digits: string, power: number): string {
  if (power < -4 || power > 8) return `${withPoint(digits, 1)}e${power}`
  if (power < 0) return `0.${'0'.repeat(-power - 1)}${digits}`
  return withPoint(digits.padEnd(power + 1, '0'), power + 1)
}

/**
 * The only shortest text, of all float32, that lies so near the middle between two of
 * them that a reader of float64, rounding twice, gets the other one. Nothing is printed so.
 */
const readInTwoWays = '7038531e-32'

function withPoint(digits: string, whole: number): string {
  return digits.length > whole ? `${digits.slice(0, whole)}.${digits.slice(whole)}` : digits
}

/** digits, without zeros at the end, of which the first stands for so many times 10^power. */
function shortestDecimal(value: number): { digits: string; power: number } {
  for (let count = 1; ; count++) {
    const [digits, power] = value
      .toExponential(count - 1)
      .replace('.', '')
      .split('e') as [string, string]
    const unit = Number(power) - count + 1
    // The nearest of so many digits, and its neighbours: beside a power of two, where the
    // floats below are closer together, a neighbour may read back where the nearest does not.
    for (const candidate of [Number(digits), Number(digits) + 1, Number(digits) - 1]) {
      const text = `${candidate}e${unit}`
      if (Math.fround(Number(text)) !== value || text === readInTwoWays) continue
      const all = String(candidate)
      return { digits: all.replace(/0+$/, ''), power: unit + all.length - 1 }
    }
  }
}
