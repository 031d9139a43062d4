import type { Socket } from 'node:net'
import { ServiceError } from '../errors.ts'
import type { Call, CallEvents } from './call.ts'
import { unitsSpent } from '../admission/work-units.ts'
import { exitHeardWithinMs } from './child.ts'
import type { Death } from './child.ts'
import { GatewayCounters } from './counters.ts'
import { deadlineExceeded } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { Lines, lines } from './queue.ts'
import { takeBackAfterMs } from './worker-link.ts'
import type { WorkerLink } from './worker-link.ts'

/** A worker that still computes for a request this long after its deadline is killed. */
const graceMs = 4_000
const mostTries = 2

/**
 * Which request goes to which worker, and what becomes of it when something goes wrong. A request waits here until a
 * worker is free, so that one whose time is up or whose client left is dropped and no worker ever sees it.
 */
export class Dispatcher implements CallEvents<WorkerLink> {
  readonly counters = new GatewayCounters()
  readonly #queueLimit: number
  readonly #workers: readonly WorkerLink[]
  readonly #queue = new Lines<Exchange>()
  readonly #calls = new Map<Exchange, Call>()
  /** Calls whose connection was lost while their worker seemed alive. */
  readonly #losing = new Set<Call>()
  readonly #takingBack = new Set<WorkerLink>()
  #hopeless: (() => string | null) | null = null

  constructor(queueLimit: number, workers: readonly WorkerLink[]) {
    this.#queueLimit = queueLimit
    this.#workers = workers
  }

  /** Tells why no worker will come back soon, or null; asked before a request is left waiting after a death. */
  set hopeless(why: () => string | null) {
    this.#hopeless = why
  }

  /** Requests that wait, those given ahead to a busy worker included. */
  get waiting(): number {
    let ahead = 0
    for (const worker of this.#workers) ahead += Math.max(0, worker.load - 1)
    return this.#queue.size + ahead
  }

  /** Requests that wait or are computed. */
  get inFlight(): number {
    return this.#queue.size + this.#calls.size
  }

  submit(exchange: Exchange): void {
    const worker = this.#queue.length(exchange.line) === 0 ? this.#workerFor(exchange) : null
    if ((worker === null || worker.load > 0) && this.waiting >= this.#queueLimit) {
      this.counters.refused++
      exchange.fail(
        new ServiceError('queue-full', `${this.waiting} requests are waiting already.`, {
          headers: { 'retry-after': '1' },
        }),
      )
      return
    }
    exchange.watchDeadline(() => this.#pastDeadline(exchange))
    if (worker === null) this.#queue.add(exchange, exchange.line)
    else this.#send(exchange, worker)
  }

  /** Its client is gone. */
  leave(exchange: Exchange): void {
    if (exchange.over) return
    this.counters.clientLeft++
    exchange.finish()
    const units = exchange.report?.workUnits ?? 1 + unitsSpent(this.#withdraw(exchange))
    exchange.sink.charge(units)
  }

  /** A worker takes requests again, or more of them. */
  pump(): void {
    for (const line of lines) {
      for (let next = this.#queue.peek(line); next !== undefined; next = this.#queue.peek(line)) {
        const worker = this.#workerFor(next)
        if (worker === null) break
        this.#queue.remove(next, line)
        this.#send(next, worker)
      }
    }
  }

  /**
   * A worker's process ended: what it had is tried once more, by another worker or by its successor. Where the gateway
   * has ended it for somebody else's request, that is no fault of what it had beside that.
   */
  workerDied(worker: WorkerLink, { killedFor }: Death): void {
    this.counters.deaths++
    for (const call of [...this.#losing, ...this.#calls.values()]) {
      if (call.to !== worker) continue
      this.#losing.delete(call)
      if (this.#calls.get(call.exchange) !== call) continue
      this.#forget(call)
      if (call.streaming) {
        call.onResponseError()
        continue
      }
      call.giveUp()
      if (killedFor === null) call.exchange.lost(true)
      this.#again(call.exchange)
    }
    this.pump()
  }

  /** No worker will come: everything that waits is told so. */
  failWaiting(error: () => ServiceError): void {
    for (const exchange of this.#queue.takeAll()) {
      this.counters.failed++
      exchange.fail(error())
    }
  }

  computed(call: Call): void {
    call.to.computed(call)
    this.pump()
  }

  answered(call: Call): void {
    this.counters.answered++
    this.#forget(call)
  }

  lost(call: Call): void {
    if (call.exchange.over) {
      this.counters.cut++
      this.#forget(call)
      return
    }
    this.#losing.add(call)
    setTimeout(() => {
      if (!this.#losing.delete(call) || this.#calls.get(call.exchange) !== call) return
      this.#forget(call)
      call.exchange.lost(false)
      this.#again(call.exchange)
      this.pump()
    }, exitHeardWithinMs)
  }

  lend(call: Call, id: string, socket: Socket): void {
    call.to.lend(id, socket)
  }

  #workerFor(exchange: Exchange): WorkerLink | null {
    let best: WorkerLink | null = null
    for (const worker of this.#workers) {
      if (worker.takes(exchange) && (best === null || worker.weight < best.weight)) best = worker
    }
    return best
  }

  #send(exchange: Exchange, worker: WorkerLink): void {
    this.#calls.set(exchange, worker.send(exchange, this))
    if (!worker.holdsAhead || this.#takingBack.has(worker)) return
    this.#takingBack.add(worker)
    setTimeout(() => this.#takeBack(worker), takeBackAfterMs)
  }

  /** What was given ahead to a worker that turns out to be busy for longer waits here again. */
  #takeBack(worker: WorkerLink): void {
    this.#takingBack.delete(worker)
    const stuck = worker.stuckBehind()
    for (const call of stuck.reverse()) {
      this.counters.takenBack++
      this.#forget(call)
      call.giveUp()
      this.#queue.addFirst(call.exchange, call.exchange.line)
    }
    if (stuck.length > 0) return this.pump()
    if (!worker.holdsAhead) return
    this.#takingBack.add(worker)
    setTimeout(() => this.#takeBack(worker), takeBackAfterMs)
  }

  #again(exchange: Exchange): void {
    if (exchange.over) return
    if (exchange.deaths >= mostTries) {
      this.counters.failed++
      exchange.fail(
        new ServiceError(
          'request-crashes-worker',
          'The request ended the worker that computed it, and a second one that tried again.',
        ),
      )
      return
    }
    if (exchange.triesLost >= mostTries) {
      this.counters.failed++
      exchange.fail(new ServiceError('engine-failed', 'The worker broke off its answer twice.'))
      return
    }
    const why = this.#hopeless?.() ?? null
    if (why !== null) {
      this.counters.failed++
      exchange.fail(
        new ServiceError('worker-lost', `The worker was lost and there is none to try again: ${why}.`, {
          headers: { 'retry-after': '5' },
        }),
      )
      return
    }
    this.counters.retried++
    this.#queue.addFirst(exchange, exchange.line)
  }

  #pastDeadline(exchange: Exchange): void {
    if (exchange.over) return
    this.counters.deadlinePassed++
    // Before the client hears of it: who has read the 504 knows that the worker was told.
    const spentMs = this.#withdraw(exchange)
    exchange.fail(deadlineExceeded(exchange), spentMs)
  }

  /** Takes an exchange that is over out of wherever it is; for how long a worker has computed for it so far. */
  #withdraw(exchange: Exchange): number {
    if (this.#queue.remove(exchange, exchange.line)) return 0
    const call = this.#calls.get(exchange)
    if (call === undefined) return 0
    this.#losing.delete(call)
    this.#calls.delete(exchange)
    const leftMs = Math.max(0, exchange.deadlineAt - performance.now())
    const spentMs = call.to.abandon(call, leftMs + graceMs)
    this.pump()
    return spentMs
  }

  #forget(call: Call): void {
    if (this.#calls.get(call.exchange) === call) this.#calls.delete(call.exchange)
    call.to.drop(call)
  }
}
