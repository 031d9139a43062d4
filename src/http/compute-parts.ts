import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { MemoryLedger } from '../admission/memory-ledger.ts'
import { Turns } from '../admission/turns.ts'
import type { Config } from '../config.ts'
import type { Engines } from '../engines/select.ts'
import { backbonesOf } from '../models/interpreters.ts'
import { Models } from '../models/registry.ts'
import type { Computing } from './admit.ts'
import type { AppPart } from './app.ts'
import type { Calls } from './calls.ts'
import { chargeBodies } from './plugins/body-memory.ts'
import { modelRoutes } from './models/routes.ts'
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

/** The trained models of MODELS_DIR, in this process's share of MODELS_MEMORY. */
function modelsOf(config: Config): Models {
  const workers = Math.max(1, config.WORKERS)
  const bytes = Math.floor((config.MODELS_MEMORY * 2 ** 20) / workers)
  return new Models({
    folder: config.MODELS_DIR,
    dataFolder: join(config.DATA_DIR, 'models'),
    memoryBytes: bytes,
    hiddenBytes: Math.floor(bytes / 16),
    backbones: backbonesOf({ threads: Math.max(1, Math.floor(availableParallelism() / workers)) }),
    loadTimeout: config.REQUEST_TIMEOUT * 1000,
  })
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
    modelRoutes(computing, modelsOf(config), config.REQUEST_TIMEOUT),
    experimentRoutes(computing, { seconds: config.EXPERIMENT_TIMEOUT, maxSeeds: config.MAX_SEEDS }),
  ]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route computes: it is refused while the process is not ready. */
    computes?: boolean
  }
}
