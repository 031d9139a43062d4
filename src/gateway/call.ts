import type { Socket } from 'node:net'
import type { Dispatcher as Undici, Pool } from 'undici'
import type { AnswerHeaders, Exchange } from './exchange.ts'
import { callHeader } from '../http/calls.ts'
import { acceptHeader, holdLimitBytes } from '../http/hand-over.ts'
import { readReport, reportHeader } from '../http/work-report.ts'
import type { WorkerLink } from './worker-link.ts'

export interface CallEvents<To> {
  /** The head of the answer is here: the computation has ended, the process is free for the next. */
  computed(call: Call<To>): void
  answered(call: Call<To>): void
  /** The connection ended before the answer did. */
  lost(call: Call<To>): void
  /** The process writes the body of this number to the client itself: it is to be lent the connection. */
  lend(call: Call<To>, id: string, socket: Socket): void
}

class Given extends Error {}

let calls = 0

/**
 * One try of an exchange at one process, a worker or that of the jobs. Its answer is held until it is whole, so that a
 * lost one can be asked for again, unless it is long or comes as it happens (events).
 */
export class Call<To = WorkerLink> implements Undici.DispatchHandler {
  readonly exchange: Exchange
  readonly to: To
  /** Tells it from every other call of this gateway's. */
  readonly id = String(calls++)
  readonly sentAt = performance.now()
  readonly #events: CallEvents<To>
  #controller: Undici.DispatchController | null = null
  #givenUp = false
  #status = 0
  #headers: AnswerHeaders = {}
  #held: Buffer[] = []
  #heldBytes = 0
  #phase: 'waiting' | 'holding' | 'streaming' | 'over' = 'waiting'

  constructor(exchange: Exchange, to: To, events: CallEvents<To>) {
    this.exchange = exchange
    this.to = to
    this.#events = events
  }

  /** Sends it over one of the process's connections. */
  send(pool: Pool): void {
    const { method, path, headers, body } = this.exchange.request
    this.exchange.sent()
    pool.dispatch({ method: method as 'POST', path, headers: [...headers, callHeader, this.id], body }, this)
  }

  /** The client has a part of the answer, so there is no second try. */
  get streaming(): boolean {
    return this.#phase === 'streaming'
  }

  /** Ends the try from this side; nothing is heard of it any more. */
  giveUp(): void {
    this.#givenUp = true
    this.#phase = 'over'
    this.#controller?.abort(new Given('given up'))
  }

  onRequestStart(controller: Undici.DispatchController): void {
    this.#controller = controller
    if (this.#givenUp) controller.abort(new Given('given up'))
  }

  onResponseStart(_controller: Undici.DispatchController, status: number, headers: AnswerHeaders): void {
    if (this.#givenUp || status < 200) return
    this.#status = status
    this.#headers = headers
    this.#phase = 'holding'
    this.exchange.heard(readReport(headers[reportHeader] as string | undefined))
    this.#events.computed(this)
    if (this.exchange.over) return this.giveUp() // charged, and nobody reads it
    const handedOver = headers[acceptHeader] as string | undefined
    if (handedOver !== undefined) this.#lend(handedOver)
    else if (Number(headers['content-length']) > holdLimitBytes || isLive(headers)) this.#begin()
  }

  onResponseData(controller: Undici.DispatchController, chunk: Buffer): void {
    if (this.#givenUp) return
    if (this.#phase === 'holding') {
      this.#held.push(chunk)
      this.#heldBytes += chunk.length
      if (this.#heldBytes > holdLimitBytes) this.#begin()
      return
    }
    if (!this.exchange.sink.data(chunk, () => controller.resume())) controller.pause()
  }

  onResponseEnd(): void {
    if (this.#givenUp) return
    const streamed = this.#phase === 'streaming'
    this.#phase = 'over'
    this.exchange.finish()
    if (streamed) this.exchange.sink.end()
    else this.exchange.sink.whole(this.#status, this.#headers, this.#held, this.exchange)
    this.#events.answered(this)
  }

  onResponseError(): void {
    if (this.#givenUp || this.#phase === 'over') return
    const streamed = this.#phase === 'streaming'
    this.#phase = 'over'
    if (streamed) {
      this.exchange.finish()
      this.exchange.sink.cut()
    }
    this.#events.lost(this)
  }

  #stream(): void {
    this.#phase = 'streaming'
    this.exchange.streams()
  }

  /** The process writes the body to the client; of it, only the end is heard here. */
  #lend(id: string): void {
    this.#stream()
    this.exchange.sink.lend(this.#status, this.#headers, this.exchange, (socket) => {
      this.#events.lend(this, id, socket)
    })
  }

  #begin(): void {
    this.#stream()
    const { sink } = this.exchange
    sink.begin(this.#status, this.#headers, this.exchange)
    let goOn = true
    for (const chunk of this.#held) goOn = sink.data(chunk, () => this.#controller?.resume())
    this.#held = []
    if (!goOn) this.#controller?.pause()
  }
}

/** Whether the answer is written as things happen: nobody knows when it ends. */
function isLive(headers: AnswerHeaders): boolean {
  return String(headers['content-type']).startsWith('text/event-stream')
}
