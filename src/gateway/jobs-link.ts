import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { Pool } from 'undici'
import type { Dispatcher } from 'undici'
import type { MemoryLedger, Reservation } from '../admission/memory-ledger.ts'
import type { Config } from '../config.ts'
import { ServiceError } from '../errors.ts'
import type { AppPart } from '../http/app.ts'
import { watchReader } from '../http/plugins/slow-clients.ts'
import { prefersAsync } from '../http/prefer.ts'
import type { Readiness } from '../http/readiness.ts'
import { requireReady } from '../http/routes/health.ts'
import { jobRoutes, jobRouteSeconds } from '../http/routes/jobs.ts'
import { readReport, reportHeader } from '../http/work-report.ts'
import { noJobs } from '../jobs/api.ts'
import { JobFolder } from '../jobs/job-folder.ts'
import { Child, exitHeardWithinMs } from './child.ts'
import { ChildMetrics } from './child-metrics.ts'
import { HttpSink } from './forward.ts'
import { readBody } from './read-body.ts'

/** What of a request the process of the jobs needs to see: the key as well, for it tells whose jobs they are. */
const requestHeaders = [
  'content-type',
  'content-encoding',
  'accept',
  'prefer',
  'request-timeout',
  'last-event-id',
  'authorization',
  'x-api-key',
  'traceparent',
  'tracestate',
] as const
const ownHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date', 'x-request-id', reportHeader])
const readyWithinMs = 20_000

/** The process that has the jobs, started when it is first needed. */
export class JobsLink {
  readonly #config: Config
  readonly #folder: JobFolder
  readonly #child: Child
  readonly #metrics: ChildMetrics
  readonly #pool: Pool
  #started = false
  #waiting: (() => void)[] = []

  constructor(config: Config, socketPath: string, gatewaySocketPath: string, log: FastifyBaseLogger) {
    this.#config = config
    this.#folder = new JobFolder(config.DATA_DIR)
    this.#pool = new Pool('http://jobs', {
      socketPath,
      connections: null,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    this.#child = new Child(
      { role: 'jobs', name: 'jobs', args: [socketPath, gatewaySocketPath], environment: {} },
      log,
      {
        message: (message) => {
          if (message.type === 'metrics') this.#metrics.heard(message)
          if (message.type !== 'ready') return
          for (const go of this.#waiting) go()
          this.#waiting = []
        },
        died: () => {},
      },
    )
    this.#metrics = new ChildMetrics(this.#child)
  }

  /** At start-up: only where jobs of this or another replica may wait to be finished. */
  startIfNeeded(): void {
    if (this.#config.DATABASE_URL !== '' || this.#folder.hasUnfinished) this.#start()
  }

  /** No job was ever accepted here. */
  get isFresh(): boolean {
    return this.#config.DATABASE_URL === '' && !this.#started && !this.#folder.isMade
  }

  get pid(): number | null {
    return this.#child.pid
  }

  /** Its metrics as prom-client's JSON; null where it has not been started, or does not answer soon. */
  metrics(): Promise<readonly unknown[] | null> {
    return this.#metrics.ask()
  }

  /**
   * Hands a request on, and its answer back as it comes. `left` aborts when the client goes; what may already have been
   * accepted then is heard to the end, and charged.
   */
  async forward(request: FastifyRequest, reply: FastifyReply, body: Buffer | null, left: AbortSignal): Promise<void> {
    this.#start()
    await this.#ready()
    left.throwIfAborted()
    const headers: Record<string, string> = { 'x-request-id': request.id }
    for (const name of requestHeaders) {
      const value = request.headers[name]
      if (typeof value === 'string') headers[name] = value
    }
    const answer = await this.#send(
      {
        method: request.method as 'GET',
        path: request.url,
        headers,
        body,
        signal: request.method === 'POST' ? null : left,
      },
      left,
    )
    const workUnits = readReport(answer.headers[reportHeader] as string | undefined)?.workUnits ?? 0
    if (left.aborted) {
      request.chargeLate(workUnits)
      return void answer.body.dump()
    }
    request.workUnits = workUnits
    const own: Record<string, string | string[]> = { ...(reply.getHeaders() as Record<string, string | string[]>) }
    for (const [name, value] of Object.entries(answer.headers))
      if (!ownHeaders.has(name) && value !== undefined) own[name] = value
    reply.raw.writeHead(answer.statusCode, own)
    watchReader(reply.raw)
    answer.body.once('error', () => reply.raw.destroy()) // the client must see that the rest is lost
    answer.body.pipe(reply.raw)
  }

  /**
   * Twice where the process has just died, which is heard a moment after its connections have broken. A job is known by
   * its content, so that it is not submitted twice; who cancels one twice hears that it has ended.
   */
  async #send(options: Dispatcher.RequestOptions, left: AbortSignal): Promise<Dispatcher.ResponseData> {
    try {
      return await this.#pool.request(options)
    } catch (error) {
      if (this.#child.state === 'stopping') throw error
      left.throwIfAborted()
      await delay(exitHeardWithinMs)
      await this.#ready()
      left.throwIfAborted()
      return this.#pool.request(options)
    }
  }

  async stop(graceMs: number): Promise<void> {
    if (!this.#started) return
    await this.#child.stop(graceMs)
    await this.#pool.destroy()
  }

  destroy(): void {
    if (this.#started) this.#child.destroy()
  }

  #start(): void {
    if (this.#started) return
    this.#started = true
    this.#child.start()
  }

  async #ready(): Promise<void> {
    if (this.#child.state === 'ready') return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(unreachable()), readyWithinMs)
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

/**
 * The addresses of jobs, and experiments that prefer to become one, in a gateway. Where there never was a job it says
 * so itself, and starts nothing.
 */
export function forwardToJobs(config: Config, link: JobsLink, readiness: Readiness, bodies: MemoryLedger): AppPart {
  return async (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      if (
        request.method !== 'POST' ||
        !/^\/experiments\/(bias|heads)\/?(\?|$)/.test(request.url) ||
        !prefersAsync(request.headers.prefer)
      )
        return done()
      handOn(request, reply)
    })
    await app.register(async (jobs) => {
      jobs.addHook('onRequest', (request, reply, done) => {
        if (link.isFresh) done()
        else handOn(request, reply)
      })
      await jobRoutes(noJobs, jobRouteSeconds(config))(jobs)
    })

    /** The last that Fastify sees of a request. */
    function handOn(request: FastifyRequest, reply: FastifyReply): void {
      try {
        if (request.method === 'POST') requireReady(readiness)
        else if (readiness.status === 'draining') requireReady(readiness)
      } catch (error) {
        reply.send(error)
        return
      }
      const reservations: Reservation[] = []
      const left = new AbortController()
      reply.hijack()
      reply.raw.once('close', () => {
        left.abort()
        for (const reservation of reservations) reservation.release()
      })
      const failed = (error: Error): void => {
        if (reply.raw.destroyed) return
        if (reply.raw.headersSent) reply.raw.destroy()
        else new HttpSink(request, reply).fail(error instanceof ServiceError ? error : unreachable(error))
      }
      readBody(request.raw, config.BODY_LIMIT * 2 ** 20, bodies, reservations, (error, body) => {
        request.bodyArrived()
        if (reply.raw.destroyed || reply.raw.headersSent) return
        if (error !== null) failed(error)
        else link.forward(request, reply, body, left.signal).catch(failed)
      })
    }
  }
}

function unreachable(cause?: unknown): ServiceError {
  return new ServiceError(
    'storage-failed',
    'The process that keeps the jobs does not answer at the moment. Nothing was lost.',
    { cause, headers: { 'retry-after': '2' } },
  )
}
