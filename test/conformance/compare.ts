import { expect } from 'vitest'
import type { AttentionOutput } from '../../src/engines/engine.ts'
import type { RowStatistics } from '../../src/statistics/row-statistics.ts'
import type { AttentionMaps } from '../../src/tensor/attention-maps.ts'
import { sizeOf } from '../../src/tensor/tensor.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { rowColumns, rowsOf } from './rows.ts'

/**
 * Greatest error that an engine may have, against float64. A tensor's is relative to its greatest magnitude; that of
 * weights and row statistics is per unit of the greatest |score|, since rounding a score moves its weight by as much.
 */
export interface Tolerance {
  /** queries, keys, values, scores, context */
  readonly tensors: number
  readonly weights: number
  /** Row statistics; the distance, in tokens, relative to the sequence's length. */
  readonly statistics: number
}

/** The greatest magnitude of a score that is finite, at least 1. */
export function greatestScore({ scores }: AttentionOutput): number {
  let most = 1
  for (const row of rowsOf(scores!)) {
    for (const score of row) if (Number.isFinite(score)) most = Math.max(most, Math.abs(score))
  }
  return most
}

/** Greatest absolute difference of two series of numbers, equal infinities being none; NaN when one of them has one. */
export function greatest(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length)
  let difference = 0
  for (let i = 0; i < expected.length; i++) {
    const error = actual[i] === expected[i] ? 0 : Math.abs(actual[i]! - expected[i]!)
    if (Number.isNaN(error)) return NaN
    difference = Math.max(difference, error)
  }
  return difference
}

export function greatestDifference(actual: AttentionMaps, expected: AttentionMaps): number {
  const rows = rowsOf(actual)
  return [...rowsOf(expected)].reduce((most, row) => Math.max(most, greatest(rows.next().value!, row)), 0)
}

/** Within `relative` of the greatest magnitude of the expected tensor. */
export function expectTensor(actual: Tensor, expected: Tensor, relative: number, what = ''): void {
  expect(actual.shape, what).toEqual(expected.shape)
  expect(actual.data.length).toBe(sizeOf(expected.shape))
  const magnitude = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  expect(greatest(actual.data, expected.data), what).toBeLessThanOrEqual(relative * magnitude)
}

export function expectRows(actual: RowStatistics, expected: RowStatistics, absolute: number): void {
  const { batch, heads, visibility } = expected
  expect([actual.batch, actual.heads, actual.visibility.queries]).toEqual([batch, heads, visibility.queries])
  expect(actual.sinkWeight === null).toBe(expected.sinkWeight === null)
  if (expected.sinkWeight !== null)
    expect(greatest(actual.sinkWeight!, expected.sinkWeight), 'sinkWeight').toBeLessThanOrEqual(absolute)
  for (const column of rowColumns) {
    const unit = column === 'distance' ? visibility.keys : 1
    expect(greatest(actual[column], expected[column]), column).toBeLessThanOrEqual(absolute * unit)
  }
  expect(Math.min(...actual.entropy), 'an entropy is not negative').toBeGreaterThanOrEqual(0)
}
