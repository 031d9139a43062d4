import { describe, expect, it } from 'vitest'
import type { AttentionRule } from '../../../../src/sources/decoder/architecture.ts'
import type { Interpreter } from '../../../../src/sources/decoder/backbone/interpreter.ts'
import { planOf } from '../../../../src/sources/decoder/backbone/plan.ts'
import type { Segment } from '../../../../src/sources/decoder/backbone/plan.ts'
import { runBackbone } from '../../../../src/sources/decoder/backbone/run.ts'
import type { BackboneRequest, End, Gains } from '../../../../src/sources/decoder/backbone/run.ts'
import type { Weights } from '../../../../src/sources/decoder/weights.ts'
import { randomFrom } from '../../../support/random.ts'
import { openTruthModel, truthModels } from '../models.ts'
import type { TruthModel } from '../models.ts'

/** What models.py changed for the numbers that begin with `gained_`. */
const gainsOfTruth: Gains = {
  heads: [{ layer: 1, head: 1, gain: 0.5 }],
  biases: [
    { layer: 0, of: 'query', gain: 0 },
    { layer: 0, of: 'value', gain: 2 },
  ],
}

/** Attention maps in float64 from queries and keys as they meet: (heads, T, T). */
function mapsOf(rule: AttentionRule, query: Float32Array, key: Float32Array): Float64Array {
  const { heads, keyValueHeads, headDim, scale, causal, window, softCap } = rule
  const count = query.length / (heads * headDim)
  const maps = new Float64Array(heads * count * count)
  for (let head = 0; head < heads; head++) {
    const keyHead = Math.floor((head * keyValueHeads) / heads)
    for (let i = 0; i < count; i++) {
      const at = (head * count + i) * count
      let sum = 0
      for (let j = 0; j < count; j++) {
        if ((causal && j > i) || (window !== null && j <= i - window)) continue
        let product = 0
        for (let d = 0; d < headDim; d++)
          product += query[(i * heads + head) * headDim + d]! * key[(j * keyValueHeads + keyHead) * headDim + d]!
        const score = softCap === null ? product * scale : softCap * Math.tanh((product * scale) / softCap)
        maps[at + j] = Math.exp(score)
        sum += maps[at + j]!
      }
      for (let j = 0; j < count; j++) maps[at + j]! /= sum
    }
  }
  return maps
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length)
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!)
    if (!(difference <= largest)) largest = difference // so that NaN is found
  }
  return largest
}

/** The one suite of interpreters: every truth model, against transformers' numbers. */
export function itComputesWhatTransformersComputes(open: (weights: Weights) => Interpreter): void {
  it('has losses over a large vocabulary as exact as over a small one', async () => {
    const model = await openTruthModel('gpt2')
    const interpreter = open(model.weights)
    const [rows, vocabulary] = [3, 50_000]
    const random = randomFrom(18)
    // One token is likely, as in a trained model, so that the shares of all others are small beside the sum so far.
    const logit = (index: number): number => (index % vocabulary === 0 ? 20 : 2 * random() + 5)
    const logits = Float32Array.from({ length: rows * vocabulary }, (_, index) => logit(index))
    const targets = [0, 17, vocabulary - 1]
    const segment: Segment = {
      name: 'loss alone',
      inputs: [{ name: 'logits', width: vocabulary }],
      operations: [{ op: 'loss', logits: 'logits', out: 'losses' }],
      outputs: [{ name: 'loss', value: 'losses', width: 1 }],
    }
    const values = { logits: interpreter.write(logits, rows, vocabulary) }
    const { loss } = await interpreter.run(segment, { values, tokens: [], gains: {}, targets }, ['loss'])
    const expected = targets.map((target, row) => {
      const of = logits.subarray(row * vocabulary, (row + 1) * vocabulary)
      return Math.log(of.reduce((sum, logit) => sum + Math.exp(logit), 0)) - of[target]!
    })
    expect(largestDifference(await interpreter.read(loss), expected)).toBeLessThan(1e-5)
    await interpreter.close()
    await model.close()
  })

  describe.each(truthModels)('%s', (name) => {
    async function withModel(use: (model: TruthModel, interpreter: Interpreter) => Promise<void>): Promise<void> {
      const model = await openTruthModel(name)
      const interpreter = open(model.weights)
      try {
        await use(model, interpreter)
      } finally {
        await interpreter.close()
        await model.close()
      }
    }

    async function outputs(model: TruthModel, interpreter: Interpreter, gains: Gains, end: End) {
      const plan = planOf(model.architecture)
      const tokens = [...model.expected.get('tokens')!.values]
      const layers = plan.layers.map((_, layer) => layer)
      const request: BackboneRequest = { tokens, layers, values: ['query', 'key', 'attention_input'], gains }
      const maps: number[] = []
      const all: Float32Array[] = []
      for await (const output of runBackbone(plan, interpreter, request, end)) {
        if ('end' in output) return { maps, all, values: output.values }
        const { query, key } = output.values
        maps.push(...mapsOf(plan.layers[output.layer]!.rule, query!, key!))
        all.push(query!, key!, output.values.attention_input!)
      }
      throw new Error('there is no end')
    }

    it('has the same attention maps in every layer, and the same hidden states at the end', () =>
      withModel(async (model, interpreter) => {
        const { maps, values } = await outputs(model, interpreter, {}, 'hidden')
        expect(largestDifference(maps, model.expected.get('attentions')!.values)).toBeLessThan(1e-5)
        expect(largestDifference(values, model.expected.get('hidden')!.values)).toBeLessThan(1e-4)
      }))

    it('has the same logits of the last position, and the same losses of each next token', () =>
      withModel(async (model, interpreter) => {
        if (model.architecture.head === null) {
          expect(model.expected.has('logits')).toBe(false)
          await expect(outputs(model, interpreter, {}, 'logits')).rejects.toThrow('no head')
          return
        }
        const logits = await outputs(model, interpreter, {}, 'logits')
        expect(largestDifference(logits.values, model.expected.get('logits')!.values)).toBeLessThan(1e-4)
        const losses = await outputs(model, interpreter, {}, 'losses')
        expect(largestDifference(losses.values, model.expected.get('losses')!.values)).toBeLessThan(1e-5)
      }))

    it('is changed by gains of heads and biases as transformers is by hooks', () =>
      withModel(async (model, interpreter) => {
        const { maps, values } = await outputs(model, interpreter, gainsOfTruth, 'hidden')
        expect(largestDifference(maps, model.expected.get('gained_attentions')!.values)).toBeLessThan(1e-5)
        expect(largestDifference(values, model.expected.get('gained_hidden')!.values)).toBeLessThan(1e-4)
        expect(largestDifference(values, model.expected.get('hidden')!.values)).toBeGreaterThan(1e-3)
      }))

    it('gives the same bits with gains of 1', () =>
      withModel(async (model, interpreter) => {
        const ones: Gains = {
          heads: [{ layer: 1, head: 1, gain: 1 }],
          biases: [{ layer: 0, of: 'value', gain: 1 }],
        }
        const plain = await outputs(model, interpreter, {}, 'hidden')
        const gained = await outputs(model, interpreter, ones, 'hidden')
        expect(gained.values).toEqual(plain.values)
        expect(gained.all).toEqual(plain.all)
      }))
  })
}
