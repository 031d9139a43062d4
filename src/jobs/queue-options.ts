import type { ConstructorOptions } from 'pg-boss'

/** The tables of pg-boss, apart from the jobs' own. */
export const queueSchema = 'attention_queue'

/** What is the same for an embedded and for a shared database. */
export const queueOptions = {
  schema: queueSchema,
  schedule: false,
  registerInstance: false,
  monitorVacuum: false,
  openTelemetry: { enabled: false },
  maintenanceIntervalSeconds: 120,
} satisfies ConstructorOptions
