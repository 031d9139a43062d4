import { randomUUID } from 'node:crypto'
import Fastify, { LogController } from 'fastify'
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import type { TSchema } from '@sinclair/typebox'
import type { Config } from '../config.ts'
import { ServiceError } from '../errors.ts'
import { BasePath } from './base-path.ts'
import { clientAddresses } from './client-address.ts'
import { readJsonBodies } from './plugins/body.ts'
import { compressAnswers } from './plugins/compression.ts'
import { answerErrors, asServiceError, sendProblem } from './plugins/errors.ts'
import { answerUnknownAddresses } from './plugins/not-found.ts'
import { logRequests } from './plugins/request-log.ts'
import { RequestLogger } from './plugins/request-logger.ts'
import { watchSlowClients } from './plugins/slow-clients.ts'
import { answerUnusualRequests, sendRawProblem } from './raw-problem.ts'
import { parseQueryString } from './read/query-string.ts'
import { validateBody, validatorFor } from './schemas/validate.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's address as client-address.ts tells clients apart. */
    readonly client: string
  }
}

/** Part of the service: adds its routes and hooks to the app. */
export type AppPart = (app: FastifyInstance) => void | Promise<void>

const headersTimeoutMs = 5_000
/** A whole body may take long on a slow line; the gateway cuts one that does not progress. */
const requestTimeoutMs = 300_000
const maxParamLength = 512
const requestIdPattern = /^[A-Za-z0-9._:-]{1,128}$/

/**
 * The one Fastify app. What every process shares is here: request ids, JSON bodies, validation without repair, one
 * error format, one log line a request. `parts` say what this process serves: the computations themselves, or a way
 * to the workers that do them. A process that no client speaks to logs its requests as `debug`.
 */
export async function buildApp(
  config: Config,
  logger: FastifyBaseLogger,
  parts: readonly AppPart[],
  requestLogLevel: 'info' | 'debug' = 'info',
): Promise<FastifyInstance> {
  const basePath = new BasePath(config.BASE_PATH)
  const app = Fastify({
    loggerInstance: requestLogLevel === 'debug' ? withoutAnnouncements(logger) : logger,
    logController: new LogController({ disableRequestLogging: true }), // request-log.ts writes its own line
    childLoggerFactory: (parent, bindings, options) => new RequestLogger(parent, bindings, options),
    genReqId: (request) => {
      const given = request.headers['x-request-id']
      return typeof given === 'string' && requestIdPattern.test(given) ? given : randomUUID()
    },
    requestIdHeader: false,
    bodyLimit: config.BODY_LIMIT * 2 ** 20,
    requestTimeout: requestTimeoutMs,
    // Asked for below, in our words
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: 1_000, requireHostHeader: false },
    routerOptions: { maxParamLength, ignoreTrailingSlash: true, querystringParser: parseQueryString },
    rewriteUrl: ({ url }: { url?: string | undefined }) => basePath.strip(url!),
    clientErrorHandler: sendRawProblem,
    frameworkErrors: (error, request, reply) => {
      // No hook has run, and nobody catches what is thrown here.
      sendProblem(asServiceError(error), request, reply.header('x-request-id', request.id))
    },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  })

  basePath.learn(app)
  const clientAddress = clientAddresses(config.TRUST_PROXY)
  app.decorateRequest('client', {
    getter(this: FastifyRequest) {
      return clientAddress(this.raw)
    },
  })

  app.setValidatorCompiler(({ schema, httpPart }) => {
    // Query strings are text: their routes read them into a body, which is then validated like any other.
    if (httpPart !== 'body') return () => true
    validatorFor(schema as TSchema) // compiled now, not when the first client waits for it
    return (body) => {
      validateBody(schema as TSchema, body)
      return true
    }
  })
  // Answers are made by the encoders; the schemas of answers are there for openapi.yaml.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))

  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    reply.raw.setMaxListeners(32) // whoever wants to know that it is over listens itself; Node warns of more than 10
    done()
  })
  logRequests(app, requestLogLevel)
  watchSlowClients(app)
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    done(
      raw.headers.host === undefined && raw.httpVersion === '1.1'
        ? new ServiceError('bad-protocol', 'A request needs a Host header.')
        : undefined,
    )
  })
  compressAnswers(app)
  answerUnusualRequests(app.server)
  answerErrors(app)
  answerUnknownAddresses(app)
  readJsonBodies(app)
  for (const part of parts) await part(app)
  return app
}

/** A log in which what Fastify says of itself, the address that it listens on, is `debug`. */
function withoutAnnouncements(logger: FastifyBaseLogger): FastifyBaseLogger {
  return Object.create(logger, { info: { value: logger.debug.bind(logger) } }) as FastifyBaseLogger
}
