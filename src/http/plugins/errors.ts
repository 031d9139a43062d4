import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ClientLeft } from '../../admission/deadline.ts'
import type { ErrorCode } from '../../errors.ts'
import { catalogue, problemDocument, ServiceError } from '../../errors.ts'

/** Errors that Fastify raises itself, by its code, and what they are in our catalogue. */
const fromFastify: Readonly<Record<string, [ErrorCode, string]>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid-json', 'The body is empty; it must be a JSON object.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid-json', 'The body is not valid JSON.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['body-too-large', 'The body is larger than the limit.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type', 'The body must be application/json.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid-request', 'The body is not as long as Content-Length says.'],
  FST_ERR_BAD_URL: ['invalid-request', 'The address is not well-formed.'],
  FST_ERR_MAX_PARAM_LENGTH: ['uri-too-long', 'A part of the address is too long.'],
  FST_ERR_ASYNC_CONSTRAINT: ['not-found', 'There is nothing here.'],
}

/**
 * Every error leaves as application/problem+json; what is not meant for the client is logged and becomes `internal`.
 */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError | ClientLeft, request, reply) => {
    if (error instanceof ClientLeft)
      reply.hijack() // nobody is there to be answered
    else sendProblem(asServiceError(error), request, reply)
  })
}

/** Sends an error's problem document. */
export function sendProblem(error: ServiceError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.code === 'internal' || error.code === 'engine-failed')
    request.log.error({ code: error.code, err: error.cause ?? error }, 'request failed')
  else if (error.status >= 500) request.log.warn({ code: error.code, detail: error.message }, 'request failed')
  else request.log.debug({ code: error.code, detail: error.message }, 'request refused')
  request.problemCode = error.code
  return reply
    .code(error.status)
    .removeHeader('etag')
    .headers(error.headers)
    .type('application/problem+json')
    .send(Buffer.from(JSON.stringify(problemDocument(error, request.id))))
}

/** Any error as one of the catalogue. */
export function asServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error
  const { code, statusCode } = error as FastifyError
  const known = code === undefined ? undefined : fromFastify[code]
  if (known !== undefined) return new ServiceError(known[0], known[1], { cause: error })
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    const match = (Object.keys(catalogue) as ErrorCode[]).find((name) => catalogue[name].status === statusCode)
    if (match !== undefined) return new ServiceError(match, catalogue[match].title + '.', { cause: error })
  }
  return new ServiceError(
    'internal',
    'Something went wrong; the log of the service has the details under this request id.',
    { cause: error },
  )
}
