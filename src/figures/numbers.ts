/**
 * A float32 as the double with the fewest digits that reads back as it, so that a specification prints the same
 * number as every other form of the answer. What is not finite is null.
 */
export function shortest(value: number): number | null {
  if (!Number.isFinite(value)) return null
  if (Number.isInteger(value)) return value
  for (let digits = 6; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits))
    if (Math.fround(candidate) === value) return candidate
  }
  return Number(value.toPrecision(9))
}

/** A number for a sentence: three significant digits, no exponent where a person would not write one. */
export function inWords(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'not defined'
  if (value === 0) return '0'
  const size = Math.abs(value)
  return size < 1e-4 || size >= 1e6 ? value.toExponential(1) : String(Number(value.toPrecision(3)))
}

/** How numbers of which none is greater than `extent` are printed in cells: two or three digits of the greatest. */
export function cellFormat(extent: number): string {
  if (extent >= 1e5 || extent < 1e-3) return '.0e'
  return extent >= 100 ? '.0f' : extent >= 10 ? '.1f' : extent >= 0.1 ? '.2f' : extent >= 0.01 ? '.3f' : '.4f'
}

/** Characters that a cell's number takes at most. */
export function cellCharacters(format: string, signed: boolean): number {
  return (
    (format === '.0e' ? 5 : format === '.0f' ? 5 : format === '.4f' ? 6 : format === '.3f' ? 5 : 4) + (signed ? 1 : 0)
  )
}
