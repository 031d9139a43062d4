import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { compute } from '../../attention/compute.ts'
import { refuseTooMuchWork, workUnits } from '../../admission/work-units.ts'
import { estimate } from '../../attention/estimate.ts'
import { needsOf } from '../../attention/request.ts'
import type { AttentionRequest } from '../../attention/request.ts'
import { version } from '../../version.ts'
import { admit } from '../admit.ts'
import type { Computing } from '../admit.ts'
import type { AppPart } from '../app.ts'
import { attentionKinds } from '../attention/kinds.ts'
import { attentionForms, checkForm, encodeAttention, formCost, requestFor } from '../attention-forms.ts'
import type { AttentionForm } from '../attention-forms.ts'
import { matchesTag } from '../entity-tag.ts'
import { chooseForm, mediaTypes } from '../negotiate.ts'
import { checkParameters, presentationLists, presentationNames, readPresentation } from '../read/presentation.ts'
import type { Presentation } from '../read/presentation.ts'
import { listIn } from '../read/query-string.ts'
import type { Query } from '../read/query-string.ts'
import { addToVary } from '../vary.ts'

const config = { computes: true, numbers: true }

/** POST and GET of every kind of attention. */
export function attentionRoutes(computing: Computing, limits: { seconds: number; workUnits: number }): AppPart {
  return (app) => {
    for (const { kind, docs, read, readQuery } of attentionKinds) {
      app.post(`/attention/${kind}`, { schema: docs.post, config }, async (request, reply) => {
        const query = request.query as Query
        checkParameters(query, presentationNames, presentationLists)
        const shown = readPresentation(query, attentionForms)
        const chosen = shown.form ?? chooseForm(request.headers.accept, attentionForms)
        return answer(read(request.body), chosen, shown, request, reply)
      })
      // The same computation as a link. Its query becomes a body, checked like any other.
      app.get(`/attention/${kind}`, { schema: docs.get, config }, async (request, reply) => {
        const query = request.query as Query
        const wanted = readQuery(query)
        const shown = readPresentation(query, attentionForms)
        const chosen = shown.form ?? chooseForm(request.headers.accept, attentionForms)
        const tag = entityTag(query, chosen, wanted)
        reply.header('etag', tag)
        if (matchesTag(request.headers['if-none-match'], tag))
          return addToVary(addToVary(reply, 'Accept'), 'Accept-Encoding').code(304).send()
        return answer(wanted, chosen, shown, request, reply)
      })
    }

    async function answer(
      asked: AttentionRequest,
      form: AttentionForm,
      shown: Presentation<AttentionForm>,
      request: FastifyRequest,
      reply: FastifyReply,
    ): Promise<FastifyReply> {
      const { selection } = shown
      const wanted = requestFor(form, asked, selection)
      const engine = computing.engines.for(wanted.source.outlines(needsOf(wanted.returns)), wanted.engine)
      const computed = estimate(wanted, engine)
      const encoding = formCost(form, wanted, selection, computed.numbers)
      const units = workUnits(computed.operations + encoding.operations)
      const needs = {
        bytes: computed.bytes + encoding.bytes,
        workUnits: units,
        seconds: limits.seconds,
        check() {
          checkForm(form, wanted, selection)
          refuseTooMuchWork(units, limits.workUnits)
        },
      }
      const result = await admit(computing, request, reply, needs, (signal) =>
        compute(wanted, computing.engines, signal),
      )
      request.engineUsed = result.engine
      const started = performance.now()
      const encoded = await encodeAttention(result, wanted.presentation, form, shown)
      request.timing.encodeMs = performance.now() - started
      if (encoded instanceof Readable)
        encoded.once('end', () => result.letGo()) // only then has all of it been read; a HEAD's answer is out before
      else result.letGo()
      return addToVary(reply, 'Accept').type(mediaTypes[form]).send(encoded)
    }

    /** Weak, over all that decides the answer: the request, its form, and who computes it. */
    function entityTag(query: Query, form: AttentionForm, wanted: AttentionRequest): string {
      const engine = computing.engines.for(wanted.source.outlines(needsOf(wanted.returns)), wanted.engine)
      const content = JSON.stringify([
        wanted.source.identity(),
        Object.keys(query)
          .sort()
          .map((name) => [name, listIn(query, name)]),
        form,
        version,
        engine.name,
        engine.version,
        engine.device,
      ])
      return `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
    }
  }
}
