import type { FastifyReply, FastifyRequest } from 'fastify'
import { workUnits } from '../../admission/work-units.ts'
import { Deadline, requestedSeconds } from '../../admission/deadline.ts'
import { computeLayers } from '../../attention/compute.ts'
import { estimate } from '../../attention/estimate.ts'
import { needsOf } from '../../attention/request.ts'
import type { Computation } from '../../attention/request.ts'
import { invalid } from '../../errors.ts'
import type { OpenModel } from '../../models/open-model.ts'
import { headPatterns, labelRule, layerPatterns, probedHeads, repeatedSequences } from './head-patterns.ts'
import type { LayerPatterns, ProbedHead } from './head-patterns.ts'
import type { Models } from '../../models/registry.ts'
import { DecoderSource } from '../../sources/decoder/source.ts'
import type { Estimate } from '../../statistics/intervals.ts'
import { repeatsOf } from '../../statistics/token-patterns.ts'
import type { Computing } from '../admit.ts'
import type { ProbeRequest } from './probe-schema.ts'
import { backboneOf, inTurns, wireIdentity } from './session.ts'

/** What kind of head each head is: its weights on random tokens that come twice. */
export async function probe(
  computing: Computing,
  models: Models,
  requestTimeout: number,
  id: string,
  body: ProbeRequest,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Record<string, unknown>> {
  const { sequences = 8, length = 25, seed = 0, confidence = 0.95, engine } = body
  const deadline = new Deadline(requestedSeconds(request.headers['request-timeout'], requestTimeout))
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) deadline.leave()
  })
  try {
    using model = await models.open(id, backboneOf(engine), deadline.signal)
    const texts = textsOf(model, sequences, length, seed)
    const computations = texts.map((tokens) => computationOf(model, tokens, engine))
    const { source, returns } = computations[0]!
    const solving = computing.engines.for(source.outlines(needsOf(returns)), engine)
    const ofOne = estimate(computations[0]!, solving)
    const reservation = computing.memory.reserve(ofOne.bytes)
    try {
      request.workUnits = workUnits(sequences * ofOne.operations)
      const byLayer: LayerPatterns[][] = model.architecture.layers.map(() => [])
      let identity: unknown = null
      for (const [i, computation] of computations.entries()) {
        const repeats = repeatsOf(texts[i]!)
        for await (const result of inTurns(
          computing,
          computeLayers(computation, computing.engines, deadline.signal),
          request,
          deadline,
        )) {
          byLayer[result.layer!]!.push(layerPatterns(result, repeats))
          identity = request.engineUsed = result.engine
          result.letGo()
        }
      }
      const layers = byLayer.map((of) => probedHeads(of, confidence, seed))
      return {
        model: wireIdentity(model),
        sequences,
        length,
        tokens: texts[0]!.length,
        seed,
        confidence,
        label_rule: { least_weight: labelRule.leastWeight, times_uniform: labelRule.timesUniform },
        labelled: layers.flatMap(({ heads }, layer) =>
          heads.flatMap(({ label }, head) => (label === null ? [] : [{ layer, head, label: wireNames[label] }])),
        ),
        layers: layers.map(({ heads, uniform }, layer) => ({
          layer,
          uniform: named((name) => uniform[name]),
          heads: heads.map((of, head) => wireHead(of, head)),
        })),
        engine: identity,
      }
    } finally {
      reservation.release()
    }
  } finally {
    deadline.clear()
  }
}

/** @throws ServiceError `invalid-request` where the model cannot have so long a sequence */
function textsOf(model: OpenModel, sequences: number, length: number, seed: number): number[][] {
  const vocabulary = model.text.ordinaryTokens()
  const { before, after } = model.text.frame()
  const { contextLength } = model.architecture
  const longest = Math.min(Math.floor((contextLength - before.length - after.length) / 2), vocabulary.length)
  if (length > longest)
    throw invalid(
      '/length',
      `must be at most ${longest}: the model takes ${contextLength} tokens and has ${vocabulary.length} ordinary ones`,
    )
  return repeatedSequences(vocabulary, sequences, length, seed).map((tokens) => [...before, ...tokens, ...after])
}

function computationOf(model: OpenModel, tokens: readonly number[], engine: ProbeRequest['engine']): Computation {
  const layers = model.architecture.layers.map((_, layer) => ({ layer, heads: null }))
  return { source: new DecoderSource({ model, tokens, layers }), engine, returns: new Set(['summary', 'weights']) }
}

function named<Value>(value: (name: (typeof headPatterns)[number]['name']) => Value): Record<string, Value> {
  return Object.fromEntries(headPatterns.map(({ name, onTheWire }) => [onTheWire, value(name)]))
}
const wireNames = Object.fromEntries(headPatterns.map(({ name, onTheWire }) => [name, onTheWire])) as Record<
  (typeof headPatterns)[number]['name'],
  string
>

function wireHead({ estimates, label }: ProbedHead, head: number): Record<string, unknown> {
  const shown = ({ mean, sd, interval, method }: Estimate) => ({ mean, sd, interval, method })
  return {
    head,
    ...named((name) => shown(estimates[name])),
    label: label === null ? null : wireNames[label],
  }
}
