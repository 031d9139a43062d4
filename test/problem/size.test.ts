import { expect, it } from 'vitest'
import { outlineOf, selfAttentionOutline } from '../../src/problem/outline.ts'
import { contextDim, multiplyAdds, selfAttentionSize } from '../../src/problem/size.ts'
import { causal, seenPairs } from '../../src/problem/visibility.ts'
import { drawProblem, problemCases } from '../conformance/problems.ts'

it('counts the multiply-adds of loops that do what they should', () => {
  const size = {
    ...selfAttentionSize({ batch: 2, length: 3, dIn: 5, heads: 4, keyValueHeads: 2, headDim: 6 }),
    outputDim: 7,
  }
  let count = 0
  for (let item = 0; item < 2; item++) {
    for (let position = 0; position < 3; position++) {
      count += 4 * 6 * 5 // the queries
      count += 2 * (2 * 6 * 5) // keys and values
      for (let key = 0; key <= position; key++) count += 4 * (6 + 6) // scores, and values mixed
      count += 7 * 4 * 6 // the output projection
    }
  }
  expect(multiplyAdds(size, seenPairs(causal(3), size))).toBe(count)
})

it('has contexts as wide as the output projection, or as all heads side by side', () => {
  const size = selfAttentionSize({ batch: 1, length: 2, dIn: 3, heads: 4, headDim: 5 })
  expect(contextDim(size)).toBe(20)
  expect(contextDim({ ...size, outputDim: 9 })).toBe(9)
})

it('is outlined alike with and without its numbers', () => {
  for (const of of problemCases) {
    const { numHeads: heads, numKeyValueHeads, seqLen: length, outputDim = 0, dropout, ...rest } = of
    const outline = selfAttentionOutline({
      ...rest,
      heads,
      ...(numKeyValueHeads === undefined ? {} : { keyValueHeads: numKeyValueHeads }),
      length,
      outputDim,
      dropout: dropout !== undefined,
    })
    expect(outlineOf(drawProblem(of))).toEqual(outline)
  }
})
