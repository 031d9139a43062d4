import { workUnits } from '../admission/work-units.ts'
import { contextDim, mixedDim } from '../problem/size.ts'
import { needsOf } from './request.ts'
import type { Computation } from './request.ts'

/** Rows of a block, for the engine whose blocks are the larger ones. */
const blockRows = 128
/** Scores of a block that holds several items. */
const blockScores = 2 ** 22
const float32 = 4
const float64 = 8

/**
 * Bytes that a request will hold at its worst, before anything is taken: parameters, input, every stage, the maps that
 * are kept, the engine's working set. An upper estimate of a few ten percent, not a measure; text is streamed and does
 * not count.
 */
export function estimateBytes({ source, engine, returns }: Computation): number {
  const needs = needsOf(returns)
  const [{ size, features }] = source.outlines(needs)
  const { batch, heads, queries: length } = size
  const positions = batch * length
  const maps = batch * heads
  const square = maps * length * length
  // A block of rows keeps the keys up to its end: half the square and one block's width.
  const causalMaps = maps * Math.min(length * length, (length * (length + blockRows)) / 2) * float32
  // A block of scores: one item's rows, or several items' as long as they are few.
  const rowsOfScores = Math.min(length, blockRows) * length
  const engineBlock = Math.max(heads * rowsOfScores, Math.min(maps * rowsOfScores, blockScores)) * float32
  const stages = positions * (4 * mixedDim(size) + contextDim(size)) * float32
  const whole = engine === 'reference' || engine === 'direct'
  let bytes = source.cost(needs).bytes + 2 * stages + 5 * engineBlock
  bytes += maps * length * 7 * float64
  if (returns.has('weights') || returns.has('similarity')) bytes += whole ? square * float32 : causalMaps
  if (returns.has('scores')) bytes += whole ? square * float32 : causalMaps
  if (engine === 'reference') bytes += 2 * stages + 3 * length * length * float64
  if (features.has('dropout')) bytes += causalMaps
  if (returns.has('similarity')) bytes += maps * heads * 3 * float32
  return bytes
}

/** What a weight takes beside its multiply-adds, its exponential and its part of the row's statistics. */
const perWeight = 100

/** Work units of a request: its multiply-adds, its weights, drawn values and printed numbers. */
export function estimateWork({ source, engine, returns }: Computation): number {
  const needs = needsOf(returns)
  const [{ size }] = source.outlines(needs)
  const { batch, heads, queries: length, dIn, headDim } = size
  const width = mixedDim(size)
  const positions = batch * length
  const square = batch * heads * length * length
  const seenWeights = (batch * heads * length * (length + 1)) / 2
  let operations = positions * (3 * dIn * width + width * contextDim(size)) + square * headDim
  operations += perWeight * seenWeights + source.cost(needs).operations
  for (const name of ['weights', 'scores'] as const) if (returns.has(name)) operations += 10 * square
  if (returns.has('similarity')) operations += 20 * heads * square
  if (engine === 'reference') operations *= 20
  return workUnits(operations)
}
