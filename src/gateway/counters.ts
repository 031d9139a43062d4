/** What the dispatcher counts, for /metrics. Every exchange handed to it ends in exactly one of the first six. */
export class GatewayCounters {
  answered = 0
  /** The queue was full. */
  refused = 0
  deadlinePassed = 0
  clientLeft = 0
  /** Ended in an error of the gateway: no worker left to try, or a request that ends workers. */
  failed = 0
  /** Answers that a death cut after their first bytes were out. */
  cut = 0
  retried = 0
  takenBack = 0
  deaths = 0
}
