/** An object one member a line, its members' values printed by `print`. */
export function indented(object: Readonly<Record<string, unknown>>, print: (value: unknown) => string): string {
  const lines = Object.entries(object).map(([name, value]) => `    ${JSON.stringify(name)}: ${print(value)},`)
  return lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n}`
}

/** A number to read: four significant digits, no exponent where a person would not write one. */
export function shown(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '\u2013'
  if (value === 0) return '0'
  const size = Math.abs(value)
  const text = size < 1e-4 || size >= 1e6 ? value.toExponential(digits - 2) : String(Number(value.toPrecision(digits)))
  return text.replace('-', '\u2212')
}

/** A number of a column: as many decimals as the others. */
export function fixed(value: number | null | undefined, decimals = 4): string {
  return value === null || value === undefined || !Number.isFinite(value)
    ? '\u2013'
    : value
        .toFixed(decimals)
        .replace(/^-(?=[0.]+$)/, '')
        .replace('-', '\u2212')
}

/** The same with its sign. */
export function fixedSigned(value: number | null | undefined, decimals = 4): string {
  return typeof value === 'number' && value >= 0.5 * 10 ** -decimals
    ? `+${fixed(value, decimals)}`
    : fixed(value, decimals)
}

export function interval(of: readonly (number | null)[] | null | undefined, digits = 3): string {
  return of === null || of === undefined || of.length < 2
    ? '\u2013'
    : `[${shown(of[0], digits)}, ${shown(of[1], digits)}]`
}

const grouped = new Intl.NumberFormat('en')
export const whole = (value: number): string => grouped.format(value)
