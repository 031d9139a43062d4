import type { FastifyReply, FastifyRequest } from 'fastify'
import { Deadline, requestedSeconds } from '../../admission/deadline.ts'
import { workUnits } from '../../admission/work-units.ts'
import { computeLayers } from '../../attention/compute.ts'
import { estimate } from '../../attention/estimate.ts'
import type { Presentation } from '../../attention/presentation.ts'
import { needsOf } from '../../attention/request.ts'
import type { Computation, ReturnName } from '../../attention/request.ts'
import type { AttentionResult } from '../../attention/result.ts'
import { encodeLayersJson, encodeLayersNdjson, encodeLayersNpz } from '../../encoders/model-layers.ts'
import type { EncodedLayer, LayersAnswer } from '../../encoders/model-layers.ts'
import type { EngineName } from '../../engines/engine.ts'
import { invalid } from '../../errors.ts'
import { figureCost } from '../../figures/index.ts'
import type { TokenizedText } from '../../models/model-text.ts'
import type { OpenModel } from '../../models/open-model.ts'
import type { ModelDescription, Models } from '../../models/registry.ts'
import { DecoderSource } from '../../sources/decoder/source.ts'
import { repeatsOf } from '../../statistics/token-patterns.ts'
import type { Computing } from '../admit.ts'
import type { AppPart } from '../app.ts'
import { attentionForms, encodeAttention } from '../attention-forms.ts'
import { chooseForm, mediaTypes } from '../negotiate.ts'
import { checkParameters, presentationLists, presentationNames, readPresentation } from '../read/presentation.ts'
import type { Query } from '../read/query-string.ts'
import { validateBody } from '../schemas/validate.ts'
import { encodedLayer, wireTokens } from './answer.ts'
import { modelDocs } from './docs.ts'
import { readModelLink } from './query.ts'
import { readLayers, readRange, readText } from './read.ts'
import type { ChosenLayer } from './read.ts'
import { probe } from './probe.ts'
import { ProbeBody } from './probe-schema.ts'
import type { ProbeRequest } from './probe-schema.ts'
import { ModelAttentionBody, TokenizeBody } from './schema.ts'
import type { ModelAttentionRequest, ModelReturn, TokenizeRequest } from './schema.ts'
import { backboneOf, inTurns, wireIdentity } from './session.ts'

/** The forms of an answer about a model's attention. */
const modelForms = [...attentionForms, 'ndjson'] as const

/** Trained models: which there are, their tokens, the attention of chosen layers and heads. */
export function modelRoutes(computing: Computing, models: Models, requestTimeout: number): AppPart {
  return (app) => {
    app.get('/models', { schema: modelDocs.list, config: { computes: true } }, async () => ({
      models: (await models.list()).map(wireModel),
    }))
    // An id may have slashes, so what is asked of a model is the last part of the address.
    const paths = [':id', ':org/:name'] as const
    for (const path of paths) {
      const shown = path === ':id'
      const docs = (of: keyof typeof modelDocs) => (shown ? modelDocs[of] : { hide: true })
      const idOf = (request: FastifyRequest): string =>
        Object.values(request.params as Record<string, string>).join('/')
      app.get(`/models/${path}`, { schema: docs('one'), config: { computes: true } }, async (request) =>
        wireModel(await models.describe(idOf(request))),
      )
      app.post(
        `/models/${path}/tokenize`,
        { schema: docs('tokenize'), config: { computes: true } },
        async (request) => {
          validateBody(TokenizeBody, request.body)
          return tokenize(idOf(request), request.body as TokenizeRequest)
        },
      )
      app.post(
        `/models/${path}/probe`,
        { schema: docs('probe'), config: { computes: true } },
        async (request, reply) => {
          const body = request.body ?? {}
          validateBody(ProbeBody, body)
          return probe(computing, models, requestTimeout, idOf(request), body as ProbeRequest, request, reply)
        },
      )
      app.post(
        `/models/${path}/attention`,
        { schema: docs('attention'), config: { computes: true } },
        async (request, reply) => {
          validateBody(ModelAttentionBody, request.body)
          const query = request.query as Query
          checkParameters(query, presentationNames, presentationLists)
          return answer(idOf(request), request.body as ModelAttentionRequest, query, request, reply)
        },
      )
      app.get(
        `/models/${path}/attention`,
        { schema: docs('link'), config: { computes: true } },
        async (request, reply) => {
          const query = request.query as Query
          return answer(idOf(request), readModelLink(query), query, request, reply)
        },
      )
    }

    async function tokenize(id: string, body: TokenizeRequest): Promise<Record<string, unknown>> {
      const text = readText(body)
      const use = await models.openText(id)
      try {
        const { tokens, text: tokenized } = use.value.tokenize(text)
        return { model: { id }, text: tokenized, count: tokens.length, tokens: wireTokens(tokens) }
      } finally {
        use.end()
      }
    }

    async function answer(
      id: string,
      body: ModelAttentionRequest,
      query: Query,
      request: FastifyRequest,
      reply: FastifyReply,
    ): Promise<FastifyReply> {
      const { form: asked, selection, strings } = readPresentation(query, modelForms)
      const form = asked ?? chooseForm(request.headers.accept, modelForms)
      const input = readText(body)
      const deadline = new Deadline(requestedSeconds(request.headers['request-timeout'], requestTimeout))
      const model = await models.open(id, backboneOf(body.engine as EngineName | undefined), deadline.signal)
      let reservation: { release(): void } | null = null
      let done = false
      const end = (): void => {
        if (done) return
        done = true
        reservation?.release()
        deadline.clear()
        model.release()
      }
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) deadline.leave()
        end()
      })
      try {
        const tokenized = model.text.tokenize(input)
        const isFigure = form === 'svg' || form === 'png' || form === 'vegalite'
        const wanted = read(model, body, tokenized, isFigure)
        const { source, engine, returns } = wanted.computation
        const computed = estimate(wanted.computation, computing.engines.for(source.outlines(needsOf(returns)), engine))
        const encoding = isFigure
          ? figureCost(selection, source.outlines(needsOf(returns))[0], wanted.presentation, form)
          : null
        reservation = computing.memory.reserve(computed.bytes + (encoding?.bytes ?? 0))
        request.workUnits = workUnits(computed.operations + (encoding?.operations ?? 0))
        const results = inTurns(computing, computeLayers(wanted.computation, computing.engines), request, deadline)
        if (isFigure) {
          if (wanted.layers.length !== 1) throw invalid('/layers', 'a figure shows one layer: name it')
          const { value } = await results.next()
          const result = { ...(value as AttentionResult), returns: new Set<ReturnName>(['weights']) }
          request.engineUsed = result.engine
          // A figure names its heads as the layer does: all are computed, and the chosen ones drawn.
          const heads = selection.heads ?? wanted.layers[0]!.heads
          const encoded = await encodeAttention(result, wanted.presentation, form, {
            selection: { ...selection, heads },
            strings,
          })
          result.letGo()
          return reply.header('vary', 'Accept').type(mediaTypes[form]).send(encoded)
        }
        // The first layer is computed before the head is sent, so that what fails then is still an error of its own.
        const first = await results.next()
        request.engineUsed = first.done === true ? null : first.value.engine
        const layersAnswer = answerOf(model, tokenized, wanted, withFirst(first, results))
        const encode = {
          json: encodeLayersJson,
          ndjson: encodeLayersNdjson,
          npz: (of: LayersAnswer) => encodeLayersNpz(of, strings),
        }[form]
        return reply.header('vary', 'Accept').type(mediaTypes[form]).send(encode(layersAnswer, wanted.presentation))
      } catch (error) {
        end()
        throw error
      }
    }
  }
}

interface Wanted {
  readonly returns: ReadonlySet<ModelReturn>
  readonly layers: readonly ChosenLayer[]
  readonly source: DecoderSource
  readonly computation: Computation
  readonly presentation: Presentation
  readonly topKeys: { readonly k: number; readonly minWeight: number }
}

/** A body as a computation on the model that it is about. */
function read(model: OpenModel, body: ModelAttentionRequest, { tokens }: TokenizedText, allHeads: boolean): Wanted {
  const { architecture } = model
  const returns = new Set<ModelReturn>(body.return ?? ['summary'])
  const layers = readLayers(
    body,
    architecture.layers.map(({ attention }) => attention.heads),
  )
  if (returns.has('next_tokens') && architecture.head === null)
    throw invalid('/return', 'next_tokens: the model is an encoder and says nothing of next tokens')
  if (returns.has('similarity') && layers.some(({ heads }) => heads?.length === 1))
    throw invalid('/return', 'similarity compares heads: ask for at least 2 of each layer')
  if (body.top_keys !== undefined && !returns.has('top_keys'))
    throw invalid('/top_keys', 'goes with top_keys in return')
  const source = new DecoderSource({
    model,
    tokens: tokens.map(({ id }) => id),
    layers: allHeads ? layers.map(({ layer }) => ({ layer, heads: null })) : layers,
    end: returns.has('next_tokens') ? 'logits' : 'layers',
  })
  const computed = new Set<ReturnName>()
  for (const name of returns) {
    if (name === 'top_keys' || name === 'received') computed.add('weights')
    else if (name !== 'next_tokens' && name !== 'hidden_states') computed.add(name)
  }
  // Induction and duplicates are read from the weights.
  if (returns.has('summary')) computed.add('weights')
  const texts = tokens.map(({ text }) => text)
  return {
    returns,
    layers,
    source,
    computation: { source, engine: body.engine as EngineName | undefined, returns: computed },
    presentation: {
      heads: null,
      rows: readRange(body.rows, '/rows', tokens.length),
      keys: readRange(body.keys_range, '/keys_range', tokens.length),
      tensorFormat: (body.tensor_format as Presentation['tensorFormat']) ?? 'nested',
      tokens: texts,
      keyTokens: texts,
    },
    topKeys: { k: body.top_keys?.k ?? 8, minWeight: body.top_keys?.min_weight ?? 0.005 },
  }
}

function answerOf(
  model: OpenModel,
  { tokens }: TokenizedText,
  wanted: Wanted,
  results: AsyncIterable<AttentionResult>,
): LayersAnswer {
  const { returns, layers, source, presentation } = wanted
  const words = {
    returns,
    presentation,
    topKeys: wanted.topKeys,
    repeats: repeatsOf(tokens.map(({ id }) => id)),
    headsOf: (layer: number) => layers.find((each) => each.layer === layer)!.heads,
  }
  let engine: unknown = null
  async function* encoded(): AsyncGenerator<EncodedLayer> {
    for await (const result of results) {
      engine = result.engine
      const shown: AttentionResult = returns.has('weights')
        ? result
        : { ...result, returns: withoutWeights(result.returns) }
      yield encodedLayer(shown, words)
    }
  }
  return {
    head: [
      ['model', { plain: wireIdentity(model) }],
      ['tokens', { plain: wireTokens(tokens) }],
    ],
    layers: encoded(),
    tail: () => [
      ...(returns.has('next_tokens')
        ? [['next_tokens', { plain: model.nextTokens(source.end!.values) }] as const]
        : []),
      ['engine', { plain: engine }],
    ],
  }
}

const withoutWeights = (returns: ReadonlySet<ReturnName>): ReadonlySet<ReturnName> => {
  const others = new Set(returns)
  others.delete('weights')
  return others
}

async function* withFirst<T>(first: IteratorResult<T>, others: AsyncGenerator<T>): AsyncGenerator<T> {
  if (first.done === true) return
  yield first.value
  yield* others
}

function wireModel(model: ModelDescription): Record<string, unknown> {
  if (model.state === 'unsupported') return { ...model }
  return {
    id: model.id,
    state: model.state,
    family: model.family,
    layers: model.layers,
    heads: model.heads,
    kv_heads: model.keyValueHeads,
    head_dim: model.headDim,
    width: model.width,
    context_length: model.contextLength,
    vocabulary: model.vocabulary,
    parameters: model.parameters,
    bytes: model.bytes,
    dtype: model.dtype,
    sha256: model.sha256,
    next_tokens: model.nextTokens,
  }
}
