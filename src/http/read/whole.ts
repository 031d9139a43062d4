import { invalid } from '../../errors.ts'
import { kindOf } from './tensor.ts'

/** A whole number from 0 to `max`, or the default where there is none. */
export function readWhole(value: unknown, path: string, fallback: number, max: number): number {
  if (value === undefined) return fallback
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > max)
    throw invalid(path, `must be a whole number from 0 to ${max}, not ${kindOf(value)}`)
  return value as number
}
