import { workUnits } from '../admission/work-units.ts'
import { countParameterTensors, countParameters } from '../sources/chapter-3/build.ts'
import { headDim, headsWidth, outputDim } from '../sources/chapter-3/spec.ts'
import { inputShape } from './request.ts'
import type { AttentionRequest } from './request.ts'

/** Rows of a block, for the engine whose blocks are the larger ones. */
const blockRows = 128
/** Scores of a block that holds several items. */
const blockScores = 2 ** 22
/** A parameter beside its numbers: its array, shape and name, and their places in the model's map. */
const parameterTensorBytes = 1_536
const float32 = 4
const float64 = 8

/**
 * Bytes that a request will hold at its worst, before anything is taken: parameters, input, every stage, the maps that
 * are kept, the engine's working set. An upper estimate of a few ten percent, not a measure; text is streamed and does
 * not count.
 */
export function estimateBytes(request: AttentionRequest): number {
  const { spec, returns } = request
  const [batch, seqLen, dIn] = inputShape(request)
  const positions = batch * seqLen
  const maps = batch * spec.numHeads
  const square = maps * seqLen * seqLen
  // A block of rows keeps the keys up to its end: half the square and one block's width.
  const causalMaps = maps * Math.min(seqLen * seqLen, (seqLen * (seqLen + blockRows)) / 2) * float32
  // A block of scores: one item's rows, or several items' as long as they are few.
  const rowsOfScores = Math.min(seqLen, blockRows) * seqLen
  const engineBlock = Math.max(spec.numHeads * rowsOfScores, Math.min(maps * rowsOfScores, blockScores)) * float32
  const stages = positions * (3 * headsWidth(spec) + headsWidth(spec) + outputDim(spec)) * float32
  const whole = request.engine === 'reference' || request.engine === 'direct'
  let bytes = countParameters(spec) * float32 * 2 + positions * dIn * float32 + 2 * stages + 5 * engineBlock
  bytes += countParameterTensors(spec) * parameterTensorBytes + maps * seqLen * 7 * float64
  if (returns.has('weights') || returns.has('similarity')) bytes += whole ? square * float32 : causalMaps
  if (returns.has('scores')) bytes += whole ? square * float32 : causalMaps
  if (request.engine === 'reference') bytes += 2 * stages + 3 * seqLen * seqLen * float64
  if (request.mode === 'train' && spec.dropout > 0) bytes += square + square / spec.numHeads + causalMaps
  if (returns.has('similarity')) bytes += maps * spec.numHeads * 3 * float32
  return bytes
}

/** Work units of a request: its multiply-adds, drawn values and printed numbers. */
export function estimateWork(request: AttentionRequest): number {
  const { spec, returns } = request
  const [batch, seqLen, dIn] = inputShape(request)
  const width = headsWidth(spec)
  const positions = batch * seqLen
  const square = batch * spec.numHeads * seqLen * seqLen
  let operations = positions * (3 * dIn * width + width * outputDim(spec)) + square * headDim(spec)
  operations += 10 * (countParameters(spec) + positions * dIn)
  for (const name of ['weights', 'scores'] as const) if (returns.has(name)) operations += 10 * square
  if (request.mode === 'train') operations += 10 * square
  if (returns.has('similarity')) operations += 20 * spec.numHeads * square
  if (request.engine === 'reference') operations *= 20
  if ('randn' in request.input) operations += request.input.advance
  return workUnits(operations)
}
