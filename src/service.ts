import { availableParallelism } from 'node:os'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { defaultEnvironment } from './config.ts'
import type { Config } from './config.ts'
import { loadEngines } from './engines/load.ts'
import { verifyEngine } from './engines/readiness.ts'
import type { Engines } from './engines/select.ts'
import { buildApp } from './http/app.ts'
import type { AppPart } from './http/app.ts'
import { computeParts, computingWith } from './http/compute-parts.ts'
import { openapiRoutes } from './http/openapi/routes.ts'
import { Readiness } from './http/readiness.ts'
import { engineRoutes } from './http/routes/engines.ts'
import { healthRoutes } from './http/routes/health.ts'
import { version } from './version.ts'

/** The whole service in one process: what WORKERS=0 runs, and most tests. */
export interface Service {
  readonly app: FastifyInstance
  readonly engines: Engines
  readonly readiness: Readiness
  /** A forward pass of every engine against the reference; ready or failed afterwards. */
  verify(): Promise<void>
  close(): Promise<void>
}

/** `first` is added before the routes: what wants to see them being added. */
export async function createService(config: Config, log: FastifyBaseLogger, first: readonly AppPart[] = []): Promise<Service> {
  const readiness = new Readiness()
  const engines = await loadEngines({ engine: config.ENGINE, device: config.DEVICE, threads: availableParallelism(), version, setEnvironment: defaultEnvironment })
  const app = await buildApp(config, log, [
    ...first,
    healthRoutes(readiness, () => true),
    engineRoutes(config, { availability: () => engines.availability, workers: () => [] }),
    ...computeParts(config, computingWith(config, engines), readiness),
    ...(first.length === 0 ? [openapiRoutes] : []),
  ])
  return {
    app,
    engines,
    readiness,
    async verify() {
      try {
        if (engines.failure !== null) throw new Error(engines.failure)
        for (const engine of engines.all) await verifyEngine(engine, engines.named('reference'))
        readiness.ready()
      } catch (error) {
        readiness.failed((error as Error).message)
      }
    },
    async close() {
      await app.close()
      await engines.close()
    },
  }
}
