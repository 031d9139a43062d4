/** A running process of the service, as main.ts sees it. */
export interface ServiceProcess {
  /** Answers what was accepted, then ends everything. */
  stop(): Promise<void>
  /** Ends everything now. */
  destroy(): void
}
