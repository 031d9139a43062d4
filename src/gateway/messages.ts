import type { Availability } from '../engines/select.ts'

/** What a gateway says to a child over its IPC channel. Plain objects: an Error loses its code on the way. */
export type ToChild =
  | { readonly type: 'stop' }
  /** Whether its event loop is free. */
  | { readonly type: 'ping' }
  /** Nobody waits any more for what this call of the gateway's asked for. */
  | { readonly type: 'given-up'; readonly call: string }
  | { readonly type: 'metrics'; readonly id: number }
  /** With a client's connection: write the body of this number to it. */
  | { readonly type: 'write'; readonly id: string }

/** What a child says to its gateway. */
export type FromChild =
  /**
   * A forward pass on its device agreed with the reference: it takes requests. `routes`: the addresses that compute.
   */
  | {
      readonly type: 'ready'
      readonly device: string
      readonly engines: readonly Availability[]
      readonly routes: readonly string[]
    }
  /** It runs but cannot compute what the configuration asks for, and says why. */
  | { readonly type: 'failed'; readonly reason: string; readonly engines: readonly Availability[] }
  | { readonly type: 'pong' }
  /** What was given up holds no turn here any more, and was so much work. */
  | { readonly type: 'ended'; readonly call: string; readonly workUnits: number }
  | { readonly type: 'metrics'; readonly id: number; readonly metrics: readonly unknown[] }
