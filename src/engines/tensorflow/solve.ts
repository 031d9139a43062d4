import type * as TensorFlow from '@tensorflow/tfjs-node-gpu'
import type { Projection } from '../../problem/operands.ts'
import type { AttentionProblem } from '../../problem/problem.ts'
import { contextDim, mixedDim } from '../../problem/size.ts'
import { emptyRowStatistics } from '../../statistics/row-statistics.ts'
import { AttentionMaps } from '../../tensor/attention-maps.ts'
import type { RowBlock } from '../../tensor/attention-maps.ts'
import { tensor } from '../../tensor/tensor.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { AttentionOutput, Wanted } from '../engine.ts'
import { selfAttentionOperands } from '../operands.ts'
import { attendBlock } from './attend-block.ts'
import { planBlocks } from './block-plan.ts'
import { fillStatistics } from './fill-statistics.ts'
import type { Tf } from './load.ts'
import type { ParameterCache } from './parameter-cache.ts'

/**
 * Greatest score that is moderate: far enough from float32's greatest number, 3.4e38, that neither a score nor the
 * difference of two comes near it.
 */
const moderateScore = 1e38

/**
 * Solves a problem in blocks of query rows, so that no (heads, queries, keys) matrix is ever whole on the device.
 * Everything is freed at the end but the parameters, which the cache keeps.
 * @param blockLimit elements of one matrix of a block
 */
export function solve(
  tf: Tf,
  cache: ParameterCache,
  problem: AttentionProblem,
  wanted: Wanted,
  blockLimit: number,
): AttentionOutput {
  const { size, visibility } = problem
  const { batch, queries: length, dIn, heads, keyValueHeads, headDim } = size
  const { input: given, projections } = selfAttentionOperands(problem)
  let output: AttentionOutput | undefined
  tf.tidy(() => {
    const input = tf.tensor2d(given, [batch * length, dIn])
    const project = (x: TensorFlow.Tensor2D, { weight, bias }: Projection, width: number): TensorFlow.Tensor2D => {
      const product = tf.matMul<TensorFlow.Tensor2D>(
        x,
        cache.get(weight, [width, x.shape[1]]) as TensorFlow.Tensor2D,
        false,
        true,
      )
      return bias === null ? product : tf.add(product, cache.get(bias, [width]))
    }
    const split = (projection: Projection, count: number): TensorFlow.Tensor4D =>
      tf.transpose(
        tf.reshape(project(input, projection, count * headDim), [batch, length, count, headDim]),
        [0, 2, 1, 3],
      )
    const queries = split(projections.query, heads) //        (batch, heads, length, headDim)
    const keys = split(projections.key, keyValueHeads) //    (batch, keyValueHeads, length, headDim)
    const values = projections.value && split(projections.value, keyValueHeads)
    const guarded = !areModerate(tf, queries, keys, values, problem.scoring.scale)

    const plan = planBlocks(batch, heads, length, blockLimit)
    const filled = emptyRowStatistics(batch, heads, visibility)
    const weights: RowBlock[] = []
    const scores: RowBlock[] = []
    const contexts: TensorFlow.Tensor3D[] = []
    let maxHiddenWeight = 0
    const mapsOf = {
      queries: maps(tf, tf.mul(queries, problem.scoring.scale), 1),
      keys: maps(tf, keys, heads / keyValueHeads),
      values: values && maps(tf, values, heads / keyValueHeads),
    }
    const keep =
      problem.dropout === null ? null : tf.tensor3d(problem.dropout.keep, [batch * heads, length, length], 'bool')

    for (let item = 0; item < batch; item += plan.itemsPerBlock) {
      const firstMap = item * heads
      const mapCount = Math.min(plan.itemsPerBlock, batch - item) * heads
      const rowBlocks: (TensorFlow.Tensor3D | never[])[] = []
      for (let firstRow = 0; firstRow < length; firstRow += plan.rowsPerBlock) {
        const rows = Math.min(plan.rowsPerBlock, length - firstRow)
        const count = firstRow + rows
        const part = (of: TensorFlow.Tensor3D, from: number, positions: number): TensorFlow.Tensor3D =>
          tf.slice(of, [firstMap, from, 0], [mapCount, positions, -1])
        rowBlocks.push(
          tf.tidy(() => {
            const block = attendBlock(tf, {
              queries: part(mapsOf.queries, firstRow, rows),
              keys: part(mapsOf.keys, 0, count),
              values: mapsOf.values && part(mapsOf.values, 0, count),
              keep:
                keep === null
                  ? null
                  : tf.cast(tf.slice(keep, [firstMap, firstRow, 0], [mapCount, rows, count]), 'float32'),
              keepProbability: problem.dropout?.keepProbability ?? 1,
              guarded,
            })
            const future = fillStatistics(
              filled,
              { firstMap, maps: mapCount, firstRow, rows },
              block.statistics.dataSync<'float32'>(),
            )
            maxHiddenWeight = Math.max(maxHiddenWeight, future)
            if (wanted.weights) weights.push({ data: block.weights.dataSync<'float32'>(), firstKey: 0, width: count })
            if (wanted.scores) scores.push({ data: block.scores.dataSync<'float32'>(), firstKey: 0, width: count })
            return block.context ?? []
          }),
        )
      }
      if (values !== null) contexts.push(tf.concat(rowBlocks as TensorFlow.Tensor3D[], 1))
    }
    const contextHeads = values === null ? null : tf.reshape(tf.concat(contexts, 0), [batch, heads, length, headDim])
    const joined =
      contextHeads &&
      (tf.reshape(tf.transpose(contextHeads, [0, 2, 1, 3]), [batch * length, mixedDim(size)]) as TensorFlow.Tensor2D)
    const context =
      joined === null || projections.output === null ? joined : project(joined, projections.output, size.outputDim)

    const causalMaps = (blocks: RowBlock[], masked: number): AttentionMaps =>
      new AttentionMaps({ batch, heads, visibility, masked, ...plan, blocks })
    const rows = { ...filled, maxHiddenWeight }
    output = {
      context:
        context === null
          ? tensor([batch, length, 0], new Float32Array(0))
          : read(context, [batch, length, contextDim(size)]),
      rowSums: rows,
      ...(wanted.statistics ? { rowStatistics: rows } : {}),
      ...(wanted.weights ? { weights: causalMaps(weights, 0) } : {}),
      ...(wanted.scores ? { scores: causalMaps(scores, -Infinity) } : {}),
      ...(wanted.queries ? { queries: read(queries) } : {}),
      ...(wanted.keys ? { keys: read(keys) } : {}),
      ...(wanted.values ? { values: read(values!) } : {}),
      ...(wanted.contextHeads ? { contextHeads: read(contextHeads!) } : {}),
    }
  })
  return output!
}

/**
 * Whether all values are finite and no score is beyond `moderateScore`: |q . k| is at most |q| |k|, and no query's norm
 * is above that of all queries together. A sum of squares that is not finite says no.
 */
function areModerate(
  tf: Tf,
  queries: TensorFlow.Tensor,
  keys: TensorFlow.Tensor,
  values: TensorFlow.Tensor | null,
  scale: number,
): boolean {
  const squares = [queries, keys, ...(values === null ? [] : [values])].map((x) => tf.sum(tf.square(x)))
  const [query, key, value = 0] = tf.stack(squares).dataSync<'float32'>()
  return Math.sqrt(query! * key!) * scale <= moderateScore && value < Infinity
}

/** (batch, heads, length, headDim) -> (batch * heads * repeat, length, headDim), each head `repeat` times in a row. */
function maps(tf: Tf, x: TensorFlow.Tensor4D, repeat: number): TensorFlow.Tensor3D {
  const [batch, heads, length, headDim] = x.shape
  if (repeat === 1) return tf.reshape(x, [batch * heads, length, headDim])
  const tiled = tf.tile(tf.reshape(x, [batch * heads, 1, length, headDim]), [1, repeat, 1, 1])
  return tf.reshape(tiled, [batch * heads * repeat, length, headDim])
}

/** Copies a tensor to this side. */
function read(x: TensorFlow.Tensor, shape: readonly number[] = x.shape): Tensor {
  return tensor(shape, x.dataSync<'float32'>() as Float32Array)
}
