import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import { Pool } from 'undici'
import { unitsSpent } from '../admission/work-units.ts'
import type { WorkerState } from '../http/routes/engines.ts'
import { Call } from './call.ts'
import type { CallEvents } from './call.ts'
import { Child } from './child.ts'
import type { ChildKind, Death } from './child.ts'
import { ChildMetrics } from './child-metrics.ts'
import type { Exchange } from './exchange.ts'
import type { FromChild } from './messages.ts'

/** A worker whose requests take less than this on average is given the next one before it asks. */
const quickMs = 4
/** How many requests a quick worker may hold, the one that it computes included. */
const quickDepth = 8
const largestAheadBytes = 256 * 2 ** 10
/** Given ahead to a worker that makes no progress for this long, a request is taken back. */
export const takeBackAfterMs = 25

export interface WorkerEvents {
  /** It takes requests, or has room for more. */
  free(worker: WorkerLink): void
  changed(worker: WorkerLink): void
  died(worker: WorkerLink, death: Death): void
}

/** A call that nobody waits for, and what becomes of it. */
interface Abandoned {
  readonly exchange: Exchange
  /** When its computation began, or an experiment was sent; null where the worker had not come to it. */
  readonly beganAt: number | null
  /** For so long it has been charged. */
  readonly chargedMs: number
  readonly killing: NodeJS.Timeout
}

const isLong = (exchange: Exchange): boolean => exchange.line !== 'interactive'

type Availabilities = WorkerState['engines']

/** The gateway's side of one worker: its process, the connections to it, and what it holds. */
export class WorkerLink {
  readonly id: number
  readonly #child: Child
  readonly #socketPath: string
  readonly #events: WorkerEvents
  #pool: Pool
  /** Tries that hold its place, oldest first. */
  readonly #calls = new Set<Call>()
  /** An experiment, which it computes whenever nothing else is there. */
  #long: Call | null = null
  /** Turns held by work that nobody waits for any more, until the worker says that it has ended. */
  readonly #abandoned = new Map<string, Abandoned>()
  readonly #metrics: ChildMetrics
  #serviceMs = 2 * quickMs
  #lastAnswerAt = 0
  #device = ''
  #reason: string | undefined
  #engines: Availabilities = []
  #routes: readonly string[] = []

  constructor(id: number, kind: ChildKind, socketPath: string, log: FastifyBaseLogger, events: WorkerEvents) {
    this.id = id
    this.#socketPath = socketPath
    this.#events = events
    this.#pool = this.#connect()
    this.#child = new Child(kind, log, {
      message: (message) => this.#heard(message),
      died: (death) => this.#died(death),
    })
    this.#metrics = new ChildMetrics(this.#child)
  }

  start(): void {
    this.#child.start()
  }

  get state(): WorkerState {
    const [oldest] = this.#calls
    return {
      id: this.id,
      pid: this.#child.pid,
      device: this.#device,
      state: this.#child.state,
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      restarts: this.#child.restarts,
      doing: (oldest ?? this.#long)?.exchange.id ?? null,
      engines: this.#engines,
    }
  }

  get ready(): boolean {
    return this.#child.state === 'ready'
  }

  /** For how long it has been ready, milliseconds; 0 where it is not. */
  get readyForMs(): number {
    return this.#child.readyForMs
  }

  get pid(): number | null {
    return this.#child.pid
  }

  /** Starting for the first time, or again after it was ready: it will be back in a moment. */
  get returning(): boolean {
    return this.#child.state === 'starting' && this.#child.deathsBeforeReady === 0
  }

  /** Addresses that compute, as the worker's routes name them. */
  get routes(): readonly string[] {
    return this.#routes
  }

  /** Requests that hold its place or wait in it; a long one that gives way to them is not counted. */
  get load(): number {
    return this.#calls.size + this.#abandoned.size
  }

  /** How busy it is: what it holds, and a little more for a long computation beside that. */
  get weight(): number {
    return this.load + (this.#long === null ? 0 : 0.5)
  }

  /**
   * Whether it can take `exchange` now. It computes one at a time and is given small ones ahead while it is quick. An
   * experiment gives way between its seeds, so a worker has at most one, and others beside it.
   */
  takes(exchange: Exchange): boolean {
    if (this.#child.state !== 'ready') return false
    const { load } = this
    if (exchange.suspect) return load === 0 && this.#long === null
    if (this.#long?.exchange.suspect) return false
    if (isLong(exchange)) return this.#long === null && load === 0
    if (load === 0) return true
    if (load >= quickDepth || this.#abandoned.size > 0) return false
    if (this.#serviceMs > quickMs || (exchange.request.body?.length ?? 0) > largestAheadBytes) return false
    const [oldest] = this.#calls
    return (
      !oldest!.exchange.suspect && performance.now() - Math.max(oldest!.sentAt, this.#lastAnswerAt) < takeBackAfterMs
    )
  }

  send(exchange: Exchange, events: CallEvents<WorkerLink>): Call {
    const call = new Call(exchange, this, events)
    if (isLong(exchange)) this.#long = call
    else this.#calls.add(call)
    call.send(this.#pool)
    return call
  }

  /** Lends it a client's connection, for the body of this number. */
  lend(id: string, socket: Socket): void {
    this.#child.lend({ type: 'write', id }, socket)
  }

  /** The call's computation has ended: its place is free. */
  computed(call: Call): void {
    if (!this.drop(call) || isLong(call.exchange)) return
    const now = performance.now()
    const serviceMs = now - Math.max(call.sentAt, this.#lastAnswerAt)
    this.#serviceMs = 0.7 * this.#serviceMs + 0.3 * serviceMs
    this.#lastAnswerAt = now
  }

  /**
   * Nothing is awaited from this call any more, though it may not have come to its computation's end: it died, or was
   * never begun.
   */
  drop(call: Call): boolean {
    if (this.#long !== call) return this.#calls.delete(call)
    this.#long = null
    return true
  }

  /** All but the oldest, if it has made no progress: given ahead in vain. */
  stuckBehind(): Call[] {
    const [oldest, ...ahead] = this.#calls
    if (oldest === undefined || performance.now() - Math.max(oldest.sentAt, this.#lastAnswerAt) < takeBackAfterMs)
      return []
    return ahead
  }

  get holdsAhead(): boolean {
    return this.#calls.size > 1
  }

  /**
   * Nobody waits for what it computes: it is told so, and its place stays taken until it says that the turn has been
   * given back. Not until its event loop answers: native work leaves that free. If it has not within `withinMs`, it is
   * killed. Returns for how long it has computed so far; what it goes on for is charged when it has ended.
   */
  abandon(call: Call, withinMs: number): number {
    const beganAt = this.#beganAt(call)
    call.giveUp()
    if (!this.drop(call)) return 0
    const spentMs = beganAt === null ? 0 : performance.now() - beganAt
    this.#abandoned.set(call.id, {
      exchange: call.exchange,
      beganAt: beganAt ?? (isLong(call.exchange) ? call.sentAt : null),
      chargedMs: spentMs,
      killing: setTimeout(
        () => this.#child.kill('it held a turn beyond the deadline and the grace after it'),
        withinMs,
      ),
    })
    this.#child.send({ type: 'given-up', call: call.id })
    return spentMs
  }

  /**
   * When the worker began to compute for a call: at once, or after the answer before. Null where it has not, or where
   * only the worker can tell: an experiment gives way to others.
   */
  #beganAt(call: Call): number | null {
    const [oldest] = this.#calls
    return call === oldest ? Math.max(call.sentAt, this.#lastAnswerAt) : null
  }

  /** The turn of an abandoned call has been given back. */
  #ended(id: string, workUnits: number): void {
    const abandoned = this.#abandoned.get(id)
    if (abandoned === undefined) return
    clearTimeout(abandoned.killing)
    this.#abandoned.delete(id)
    abandoned.exchange.sink.charge(workUnits - unitsSpent(abandoned.chargedMs))
  }

  /** Its metrics as prom-client's JSON; null when it does not answer soon. */
  metrics(): Promise<readonly unknown[] | null> {
    return this.#metrics.ask()
  }

  async stop(graceMs: number): Promise<void> {
    await this.#child.stop(graceMs)
    await this.#pool.destroy()
  }

  destroy(): void {
    this.#child.destroy()
  }

  #connect(): Pool {
    return new Pool('http://worker', {
      socketPath: this.#socketPath,
      connections: null, // an answer that streams to a slow reader keeps its connection while others go on
      pipelining: 1,
      keepAliveTimeout: 600_000,
      keepAliveMaxTimeout: 600_000,
      headersTimeout: 0, // the exchange's deadline and the grace after it say how long
      bodyTimeout: 0,
    })
  }

  #heard(message: FromChild): void {
    switch (message.type) {
      case 'ready':
        this.#device = message.device
        this.#engines = message.engines
        this.#routes = message.routes
        this.#reason = undefined
        this.#events.changed(this)
        this.#events.free(this)
        break
      case 'failed':
        this.#engines = message.engines
        this.#reason = message.reason
        this.#events.changed(this)
        break
      case 'ended':
        this.#ended(message.call, message.workUnits)
        this.#events.free(this)
        break
      case 'metrics':
        this.#metrics.heard(message)
    }
  }

  #died(death: Death): void {
    for (const [id, { beganAt }] of this.#abandoned)
      this.#ended(id, beganAt === null ? 0 : 1 + unitsSpent(performance.now() - beganAt))
    // Connections of the dead process may not have noticed yet; their calls fail now.
    void this.#pool.destroy(new Error('the worker ended'))
    this.#pool = this.#connect()
    this.#events.died(this, death)
  }
}
