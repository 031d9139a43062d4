/** What /health/ready says. */
export type ReadyStatus = 'starting' | 'ready' | 'draining' | 'failed'

/** Whether a process takes requests, and if not, why. */
export class Readiness {
  #status: ReadyStatus = 'starting'
  #reason: string | undefined
  readonly #first = Promise.withResolvers<void>()
  /** Resolves when it is ready for the first time. */
  readonly whenReady: Promise<void> = this.#first.promise

  get status(): ReadyStatus {
    return this.#status
  }

  get reason(): string | undefined {
    return this.#reason
  }

  ready(): void {
    if (this.#status === 'draining') return
    this.#set('ready', undefined)
    this.#first.resolve()
  }

  failed(reason: string): void {
    if (this.#status !== 'draining') this.#set('failed', reason)
  }

  draining(): void {
    this.#set('draining', 'the service is shutting down')
  }

  #set(status: ReadyStatus, reason: string | undefined): void {
    this.#status = status
    this.#reason = reason
  }
}
