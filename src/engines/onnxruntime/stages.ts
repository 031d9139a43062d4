import type { Floats, Projection } from '../../problem/operands.ts'
import type { AttentionProblem } from '../../problem/problem.ts'
import { giveBackFloats } from '../../tensor/float-memory.ts'
import { splitHeads } from '../../tensor/split-heads.ts'
import { headAfterHead, normVectors, positionsFirst, turnVectors } from '../head-vectors.ts'
import type { HeadVectors } from '../head-vectors.ts'
import { projectGraph, squaresGraph } from './operand-graphs.ts'
import type { Feeds, Sessions } from './sessions.ts'

/**
 * Greatest score that is moderate: far enough from float32's greatest number, 3.4e38, that neither a score nor the
 * difference of two comes near it.
 */
const moderateScore = 1e38

/** Queries, keys and values of some items as they are multiplied. */
export interface Stages {
  /** (count, heads, length, width), as they are given; otherwise (length, count, heads, width). */
  readonly headsFirst: boolean
  readonly query: Float32Array
  readonly key: Float32Array
  /** Null where no contexts are wanted. */
  readonly value: Float32Array | null
  /** Whether all values are finite and no scaled product of a query and a key is beyond `moderateScore`. */
  readonly moderate: boolean
  /** Gives back the memory that is not the problem's own. */
  release(): void
}

/** Projects, norms and turns `count` items from `first` on: everything that comes before q . k. */
export async function prepareStages(
  sessions: Sessions,
  problem: AttentionProblem,
  first: number,
  count: number,
): Promise<Stages> {
  const { size, operands, rotary, scoring } = problem
  const { queries, keys, heads, keyValueHeads, headDim } = size
  const headsFirst = operands.kind === 'given'
  const layout = headsFirst ? headAfterHead : positionsFirst
  const ofQueries = layout(count, queries, heads, headDim)
  const ofKeys = layout(count, keys, keyValueHeads, headDim)
  let changed = headsFirst
  let query: Float32Array
  let key: Float32Array
  let value: Float32Array | null
  let squares: Float32Array | null = null
  if (operands.kind === 'given') {
    const turns = rotary !== null
    query = givenItems(operands.query, ofQueries, first, turns)
    key = givenItems(operands.key, ofKeys, first, turns)
    const ofValues = headAfterHead(count, keys, keyValueHeads, size.valueDim)
    value = operands.value && givenItems(operands.value, ofValues, first, false)
  } else {
    const results = await project(sessions, problem, first, count)
    query = results.query!
    key = results.key!
    value = results.value ?? null
    squares = results.squares!
    const { queryNorm, keyNorm } = operands
    if (queryNorm !== null) normVectors(query, ofQueries, queryNorm)
    if (keyNorm !== null) normVectors(key, ofKeys, keyNorm)
    changed = queryNorm !== null || keyNorm !== null
  }
  if (rotary !== null) {
    turnVectors(query, ofQueries, rotary, rotary.queryOffset)
    turnVectors(key, ofKeys, rotary, rotary.keyOffset)
    changed = true
  }
  if (changed || squares === null) squares = await squaresOf(sessions, query, key, value)
  const owned = headsFirst ? [] : [query, key, ...(value === null ? [] : [value])]
  return {
    headsFirst,
    query,
    key,
    value,
    moderate: areModerate(squares, scoring.scale),
    release: () => owned.forEach(giveBackFloats),
  }
}

/** (count, heads, length, width), in memory of its own. */
export function headsApart(stage: Float32Array, headsFirst: boolean, { batch, length, heads, width }: HeadVectors) {
  return headsFirst
    ? stage.slice()
    : splitHeads(stage, { batch, length, heads, headDim: width, positionsFirst: true }).data
}

/** Some items of an array over all of them: a view where it can be. */
function givenItems(x: Floats, at: HeadVectors, first: number, changes: boolean): Float32Array {
  const items = x.subarray(first * at.itemStride, (first + at.batch) * at.itemStride)
  return items instanceof Float32Array && !changes ? items : Float32Array.from(items)
}

/** Some items' queries and keys, and values where contexts are asked for: (length, count, heads * width). */
function project(sessions: Sessions, { size, operands }: AttentionProblem, first: number, count: number) {
  if (operands.kind === 'given') throw new TypeError('given operands are not projected')
  const { queries, keys, heads, keyValueHeads, headDim, valueDim, dIn, keyDIn, valueDIn } = size
  const { queryInput, keyInput, valueInput } = operands
  const { query, key, value } = operands.projections
  const structure = {
    query: query.bias !== null,
    key: key.bias !== null,
    value: value === null ? null : value.bias !== null,
    several: count > 1,
    apart: queryInput !== keyInput || (value !== null && keyInput !== valueInput),
  }
  const feeds = (name: string, x: Float32Array, projection: Projection, length: number, inputs: number): Feeds => {
    const values = length * inputs
    const prefix = structure.apart ? `${name}.` : ''
    return {
      [`${prefix}x`]: [x.subarray(first * values, (first + count) * values), [count * length, inputs]],
      ...(count > 1 ? { [`${prefix}shape`]: [count, length, -1] } : {}),
      ...linearFeeds(name, projection, inputs),
    }
  }
  const shape = (length: number, width: number): number[] => (count > 1 ? [length, count, width] : [length, width])
  return sessions.run(
    `project ${Object.values(structure)}`,
    () => projectGraph(structure),
    {
      ...feeds('query', queryInput, query, queries, dIn),
      ...feeds('key', keyInput, key, keys, keyDIn),
      ...(value === null ? {} : feeds('value', valueInput, value, keys, valueDIn)),
    },
    {
      query: shape(queries, heads * headDim),
      key: shape(keys, keyValueHeads * headDim),
      ...(value === null ? {} : { value: shape(keys, keyValueHeads * valueDim) }),
      squares: [1, value === null ? 2 : 3],
    },
  )
}

export function linearFeeds(name: string, { weight, bias }: Projection, inputs: number): Feeds {
  return {
    [`${name}.weight`]: [weight, [weight.length / inputs, inputs]],
    ...(bias === null ? {} : { [`${name}.bias`]: [bias, [bias.length]] }),
  }
}

async function squaresOf(
  sessions: Sessions,
  query: Float32Array,
  key: Float32Array,
  value: Float32Array | null,
): Promise<Float32Array> {
  const { squares } = await sessions.run(
    `squares ${value !== null}`,
    () => squaresGraph(value !== null),
    { query: [query, [query.length]], key: [key, [key.length]], ...(value ? { value: [value, [value.length]] } : {}) },
    { squares: [value === null ? 2 : 3] },
  )
  return squares!
}

/**
 * |q . k| is at most |q| |k|, and no query's norm is above that of all queries together. A sum of squares that is not
 * finite says no.
 */
function areModerate(squares: Float32Array, scale: number): boolean {
  const [query, key, value = 0] = squares
  return Math.sqrt(query! * key!) * Math.abs(scale) <= moderateScore && value < Infinity
}
