import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { compute } from '../../attention/compute.ts'
import { estimateBytes, estimateWork } from '../../attention/estimate.ts'
import { inputShape } from '../../attention/request.ts'
import type { AttentionRequest } from '../../attention/request.ts'
import { attentionForms, encodeAttention } from '../../encoders/attention.ts'
import type { AttentionForm } from '../../encoders/attention.ts'
import { headDim, modelKinds, outputDim } from '../../models/spec.ts'
import type { ModelKind } from '../../models/spec.ts'
import { version } from '../../version.ts'
import { admit } from '../admit.ts'
import type { Computing } from '../admit.ts'
import type { AppPart } from '../app.ts'
import { chooseForm, mediaTypes } from '../negotiate.ts'
import { readAttentionQuery } from '../read/attention-query.ts'
import { readAttentionRequest } from '../read/attention-request.ts'
import { attentionRouteDocs } from '../schemas/attention-docs.ts'
import type { AttentionBody } from '../schemas/attention.ts'

/** POST and GET of the three compute endpoints. */
export function attentionRoutes(computing: Computing, requestTimeout: number): AppPart {
  return (app) => {
    for (const kind of modelKinds) {
      app.post(`/attention/${kind}`, { schema: attentionRouteDocs[kind].post, config: { computes: true } }, async (request, reply) => {
        const form = chooseForm(request.headers.accept, attentionForms)
        return answer(readAttentionRequest(kind, request.body as AttentionBody), form, request, reply)
      })
      // The same computation as a link. Its query becomes a body, checked like any other.
      app.get(`/attention/${kind}`, { schema: attentionRouteDocs[kind].get, config: { computes: true } }, async (request, reply) => {
        const query = readAttentionQuery(kind, request.query as Record<string, unknown>)
        const form = query.form ?? chooseForm(request.headers.accept, attentionForms)
        const tag = entityTag(kind, query.body, form, query.request)
        reply.header('etag', tag)
        if (matches(request.headers['if-none-match'], tag)) return reply.code(304).header('vary', 'Accept').send()
        return answer(query.request, form, request, reply)
      })
    }

    async function answer(wanted: AttentionRequest, form: AttentionForm, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      request.workUnits = estimateWork(wanted)
      const needs = { bytes: estimateBytes(wanted), seconds: requestTimeout }
      const result = await admit(computing, request, reply, needs, () => compute(wanted, computing.engines))
      request.engineUsed = result.engine
      reply.header('vary', 'Accept').type(mediaTypes[form])
      const started = performance.now()
      const encoded = await encodeAttention(result, form)
      request.timing.encodeMs = performance.now() - started
      return reply.send(encoded)
    }

    function entityTag(kind: ModelKind, body: unknown, form: AttentionForm, wanted: AttentionRequest): string {
      const [batch, seqLen, dIn] = inputShape(wanted)
      const engine = computing.engines.for({ batch, seqLen, dIn, numHeads: wanted.spec.numHeads, headDim: headDim(wanted.spec), outputDim: outputDim(wanted.spec) }, wanted.engine)
      const content = JSON.stringify([kind, body, form, version, engine.name, engine.version, engine.device])
      return `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
    }
  }
}

/** If-None-Match by weak comparison (RFC 9110, section 13.1.2). */
function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  return header.split(',').some((other) => other.trim().replace(/^W\//, '') === tag.replace(/^W\//, ''))
}
