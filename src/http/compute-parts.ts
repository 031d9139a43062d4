import { MemoryLedger } from '../admission/memory-ledger.ts'
import { Turns } from '../admission/turns.ts'
import type { Config } from '../config.ts'
import type { Engines } from '../engines/select.ts'
import type { Computing } from './admit.ts'
import type { AppPart } from './app.ts'
import type { Calls } from './calls.ts'
import { chargeBodies } from './plugins/body-memory.ts'
import { requireReady } from './routes/health.ts'
import type { Readiness } from './readiness.ts'
import { attentionRoutes } from './routes/attention.ts'
import { experimentRoutes } from './routes/experiments.ts'

/**
 * What a computing process shares among its routes: one computation at a time, its bytes, at most `memoryBytes`
 * together, decided before it starts.
 */
export function computingWith(
  engines: Engines,
  queueLimit: number,
  memoryBytes: number,
  calls: Calls | null,
): Computing {
  return { engines, turns: new Turns(1, queueLimit), memory: new MemoryLedger(memoryBytes), calls }
}

/** Everything that computes. */
export function computeParts(config: Config, computing: Computing, readiness: Readiness): AppPart[] {
  return [
    (app) => {
      app.addHook('onRequest', (request, _reply, done) => {
        if (request.routeOptions.config.computes === true) requireReady(readiness)
        done()
      })
    },
    (app) => chargeBodies(app, computing.memory),
    attentionRoutes(computing, { seconds: config.REQUEST_TIMEOUT, workUnits: config.WORK_LIMIT }),
    experimentRoutes(computing, { seconds: config.EXPERIMENT_TIMEOUT, maxSeeds: config.MAX_SEEDS }),
  ]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route computes: it is refused while the process is not ready. */
    computes?: boolean
  }
}
