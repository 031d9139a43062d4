import type { FastifyBaseLogger } from 'fastify'
import { Pool } from 'undici'
import type { Config } from '../config.ts'
import { ServiceError } from '../errors.ts'
import { JobFolder } from '../jobs/job-folder.ts'
import { Call } from './call.ts'
import type { CallEvents } from './call.ts'
import { Child, exitHeardWithinMs } from './child.ts'
import { ChildMetrics } from './child-metrics.ts'
import { deadlineExceeded } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { Heartbeat } from './heartbeat.ts'

const mostTries = 2
const readyWithinMs = 20_000

/** The process that has the jobs, started when it is first needed. */
export class JobsLink implements CallEvents<JobsLink> {
  readonly #config: Config
  readonly #folder: JobFolder
  readonly #child: Child
  readonly #metrics: ChildMetrics
  readonly #heartbeat: Heartbeat
  readonly #pool: Pool
  readonly #calls = new Map<Exchange, Call<JobsLink>>()
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
          if (message.type === 'pong') this.#heartbeat.heard()
          if (message.type !== 'ready') return
          this.#heartbeat.start()
          for (const go of this.#waiting) go()
          this.#waiting = []
        },
        died: () => this.#heartbeat.stop(),
      },
    )
    this.#metrics = new ChildMetrics(this.#child)
    this.#heartbeat = new Heartbeat(this.#child)
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

  /** Hands a request on as soon as the process is there. */
  submit(exchange: Exchange): void {
    this.#start()
    exchange.watchDeadline(() => this.#pastDeadline(exchange))
    this.#sendWhenReady(exchange)
  }

  /**
   * Its client is gone. What may already have been accepted is heard to its head, and charged; anything else is broken
   * off.
   */
  leave(exchange: Exchange): void {
    if (exchange.over) return
    exchange.finish()
    this.#breakOff(exchange)
  }

  computed({ exchange }: Call<JobsLink>): void {
    if (!exchange.over) return
    exchange.sink.charge(exchange.report?.workUnits ?? 0)
    this.#calls.delete(exchange)
  }

  answered(call: Call<JobsLink>): void {
    this.#calls.delete(call.exchange)
  }

  /**
   * Once more where the process has just died, which is heard a moment after its connections have broken. A job is
   * known by its content, so that it is not submitted twice; who cancels one twice hears that it has ended.
   */
  lost({ exchange }: Call<JobsLink>): void {
    this.#calls.delete(exchange)
    if (exchange.over) return
    exchange.lost(true)
    if (exchange.triesLost >= mostTries || this.#child.state === 'stopping') return exchange.fail(unreachable())
    setTimeout(() => this.#sendWhenReady(exchange), exitHeardWithinMs)
  }

  /** It writes nothing to a client by itself. */
  lend(): void {}

  async stop(graceMs: number): Promise<void> {
    if (!this.#started) return
    this.#heartbeat.stop()
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

  #sendWhenReady(exchange: Exchange): void {
    this.#ready().then(
      () => {
        if (exchange.over) return
        const call = new Call<JobsLink>(exchange, this, this)
        this.#calls.set(exchange, call)
        call.send(this.#pool)
      },
      () => exchange.fail(unreachable()),
    )
  }

  #pastDeadline(exchange: Exchange): void {
    exchange.fail(deadlineExceeded(exchange))
    this.#breakOff(exchange)
  }

  #breakOff(exchange: Exchange): void {
    if (exchange.request.method === 'POST') return
    this.#calls.get(exchange)?.giveUp()
    this.#calls.delete(exchange)
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

function unreachable(): ServiceError {
  return new ServiceError(
    'storage-failed',
    'The process that keeps the jobs does not answer at the moment. Nothing was lost.',
    { headers: { 'retry-after': '2' } },
  )
}
