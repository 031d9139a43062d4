import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { everything, tensorFormats } from '../../src/attention/presentation.ts'
import type { AttentionResult } from '../../src/attention/result.ts'
import { encodeJson } from '../../src/encoders/json.ts'
import { leastBytesOf } from '../../src/encoders/least-bytes.ts'
import { encodeNpz } from '../../src/encoders/npz.ts'
import { causal } from '../../src/problem/visibility.ts'
import { AttentionMaps } from '../../src/tensor/attention-maps.ts'
import { resultOf } from './results.ts'

const seqLen = 300
const drawn = resultOf({ batch: 1, heads: 6, seqLen, rowsPerBlock: 128 })
const input = drawn.inputs.get('input')!
const noNumber = { ...input, data: new Float32Array(input.data.length).fill(NaN) }
/** Every number is one digit. */
const shortest: AttentionResult = {
  ...drawn,
  returns: new Set(['weights']),
  output: {
    context: drawn.output.context,
    rowSums: drawn.output.rowSums,
    weights: new AttentionMaps({
      batch: 1,
      heads: 6,
      visibility: causal(seqLen),
      masked: 0,
      itemsPerBlock: 1,
      rowsPerBlock: seqLen,
      blocks: [{ data: new Float32Array(6 * seqLen ** 2), firstKey: 0, width: seqLen }],
    }),
  },
}
const results = {
  'numbers of every length': drawn,
  'the shortest numbers': shortest,
  'no numbers': { ...drawn, inputs: new Map([['input', noNumber]]) },
}
const members = 2000 // what is not numbers: names, brackets, the model, headers of files

describe('the least length of an answer', () => {
  const formats = Object.entries(results).flatMap(([of, result]) =>
    tensorFormats.map((format) => [of, format, result] as const),
  )
  it.each(formats)('is never more than the length: %s, %s', async (_, tensorFormat, result) => {
    const stream = encodeJson(result, { ...everything, tensorFormat }) as Readable
    const least = leastBytesOf(stream)
    const { length } = await buffer(stream)
    expect(least).toBeLessThanOrEqual(length)
    if (tensorFormat === 'base64' || result === shortest)
      expect(least).toBeGreaterThan(length - members - (tensorFormat === 'nested' ? 3 * 6 * seqLen : 0))
    expect(least).toBeGreaterThan(2 ** 20)
  })

  it('is as good as the length in a ZIP file', async () => {
    const stream = encodeNpz(drawn, everything, true)
    const least = leastBytesOf(stream)
    const { length } = await buffer(stream)
    expect(least).toBeLessThanOrEqual(length)
    expect(least).toBeGreaterThan(length - 2 * members)
  })

  it('counts what the request selects', () => {
    const all = leastBytesOf(encodeNpz(shortest, everything, true))
    expect(leastBytesOf(encodeNpz(drawn, { ...everything, heads: [1], rows: [0, 10] }, true))).toBeLessThan(all / 10)
  })

  it('of a stream that does not say is nothing', () => {
    expect(leastBytesOf(Readable.from([]))).toBe(0)
  })
})
