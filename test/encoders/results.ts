import type { AttentionResult } from '../../src/attention/result.ts'
import { selfAttentionSize } from '../../src/problem/size.ts'
import { causal } from '../../src/problem/visibility.ts'
import { emptyRowSums } from '../../src/statistics/row-statistics.ts'
import { AttentionMaps } from '../../src/tensor/attention-maps.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { randomWords } from './number-texts.ts'

interface Size {
  readonly batch: number
  readonly heads: number
  readonly seqLen: number
  readonly rowsPerBlock: number
}

/** Numbers of many lengths, some of them negative, very small or not finite. */
function numbers(count: number, seed: number): Float32Array {
  return Float32Array.from(randomWords(count, seed), (word) =>
    word % 97 === 0 ? NaN : (word / 2 ** 31 - 1) * 10 ** -(word & 15),
  )
}

/** Maps in blocks of rows, as onnxruntime hands them over; what no row may see in them is 7. */
function maps({ batch, heads, seqLen, rowsPerBlock }: Size, masked: number, seed: number): AttentionMaps {
  const blocks = []
  for (let from = 0; from < seqLen; from += rowsPerBlock) {
    const width = Math.min(from + rowsPerBlock, seqLen)
    const rows = width - from
    const data = numbers(batch * heads * rows * width, seed + from)
    for (let row = 0; row < batch * heads * rows; row++)
      data.fill(7, row * width + from + (row % rows) + 1, (row + 1) * width)
    blocks.push({ data, firstKey: 0, width })
  }
  return new AttentionMaps({
    batch,
    heads,
    visibility: causal(seqLen),
    masked,
    itemsPerBlock: batch,
    rowsPerBlock,
    blocks,
  })
}

/** What an answer would hold: weights, scores, a context and heads' queries of random numbers. */
export function resultOf(size: Size): AttentionResult {
  const { batch, heads, seqLen: length } = size
  const tensor = (...shape: number[]): Tensor => ({
    shape,
    data: numbers(
      shape.reduce((a, b) => a * b),
      shape.length,
    ),
  })
  return {
    source: {
      members: [
        ['model', { plain: { kind: 'multi-head', d_in: 3 } }],
        ['input', { input: 'input', shape: [batch, length, 3] }],
      ],
      words: [],
      modeWords: [],
      scoreWords: '',
      drops: false,
      masks: false,
      untrained: true,
      contextByHead: false,
    },
    returns: new Set(['weights', 'scores', 'queries', 'context', 'input']),
    layer: null,
    size: selfAttentionSize({ batch, length, dIn: 3, heads, headDim: 2 }),
    visibility: causal(length),
    inputs: new Map([['input', tensor(batch, length, 3)]]),
    parameters: null,
    output: {
      weights: maps(size, 0, 1),
      scores: maps(size, -Infinity, 2),
      queries: tensor(batch, heads, length, 2),
      context: tensor(batch, length, 2 * heads),
      rowSums: emptyRowSums(batch, heads, causal(length)),
    },
    summary: null,
    similarity: null,
    checks: { maxRowSumError: 0, maxHiddenWeight: 0, emptyRows: 0, finite: true },
    engine: { name: 'onnxruntime', device: 'cpu', version: '1' },
    letGo: () => {},
  }
}
