import { MemoryLedger } from '../admission/memory-ledger.ts'
import { Turns } from '../admission/turns.ts'
import type { Config } from '../config.ts'
import type { Engines } from '../engines/select.ts'
import type { Computing } from './admit.ts'
import type { AppPart } from './app.ts'
import { requireReady } from './routes/health.ts'
import type { Readiness } from './readiness.ts'
import { attentionRoutes } from './routes/attention.ts'

/** What a computing process shares among its routes: one computation at a time, its bytes decided before it starts. */
export function computingWith(config: Config, engines: Engines): Computing {
  return {
    engines,
    turns: new Turns(1, config.QUEUE_LIMIT),
    memory: new MemoryLedger(config.MEMORY_LIMIT * 2 ** 20),
  }
}

/** Everything that computes. */
export function computeParts(config: Config, computing: Computing, readiness: Readiness): AppPart[] {
  return [
    (app) => {
      app.addHook('onRequest', async (request) => {
        if (request.routeOptions.config.computes === true) requireReady(readiness)
      })
    },
    attentionRoutes(computing, config.REQUEST_TIMEOUT),
  ]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route computes: it is refused while the process is not ready. */
    computes?: boolean
  }
}
