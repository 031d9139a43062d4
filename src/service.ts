import { availableParallelism } from 'node:os'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { defaultEnvironment, gpusOf } from './config.ts'
import type { Config } from './config.ts'
import { useTextThreads } from './encoders/text-threads.ts'
import { loadEngines } from './engines/load.ts'
import { verifyEngine } from './engines/readiness.ts'
import type { Engines } from './engines/select.ts'
import { buildApp } from './http/app.ts'
import type { AppPart } from './http/app.ts'
import { computeParts, computingWith } from './http/compute-parts.ts'
import { endWithDevice } from './http/plugins/end-with-device.ts'
import { frontParts } from './http/front.ts'
import { closeApp, InFlight } from './http/plugins/in-flight.ts'
import { openapiRoutes } from './http/openapi/routes.ts'
import { startTracing } from './http/plugins/tracing.ts'
import { Readiness } from './http/readiness.ts'
import { docsRoutes } from './http/routes/docs.ts'
import { dashboardRoutes } from './http/routes/dashboard.ts'
import { asyncExperiments } from './http/routes/async-experiments.ts'
import { engineRoutes } from './http/routes/engines.ts'
import { computeHere } from './http/routes/experiment-rows.ts'
import { healthRoutes } from './http/routes/health.ts'
import { warmUp } from './http/warm-up.ts'
import { jobRoutes } from './http/routes/jobs.ts'
import { createJobs } from './jobs/create.ts'
import { jobRegistry } from './jobs/registry.ts'
import { memoryShares } from './memory-shares.ts'
import { addUp, gauge, RequestMetrics, workRegistry } from './metrics/registries.ts'
import { version } from './version.ts'

/** The whole service in one process: what WORKERS=0 runs, and most tests. */
export interface Service {
  readonly app: FastifyInstance
  readonly engines: Engines
  readonly readiness: Readiness
  /** A forward pass of every engine against the reference; ready or failed afterwards. */
  verify(): Promise<void>
  /** Answers what was accepted, then ends. */
  close(): Promise<void>
}

/** `first` is added before the routes: what wants to see them being added. */
export async function createService(
  config: Config,
  log: FastifyBaseLogger,
  first: readonly AppPart[] = [],
): Promise<Service> {
  const readiness = new Readiness()
  const engines = await loadEngines({
    engine: config.ENGINE,
    device: config.DEVICE,
    threads: availableParallelism(),
    version,
    setEnvironment: defaultEnvironment,
    gpus: gpusOf().length,
  })
  const computing = computingWith(
    engines,
    config.QUEUE_LIMIT,
    memoryShares({ ...config, WORKERS: 0 }).workerBytes,
    null,
  )
  const jobs = createJobs(config, log, { compute: computeHere(computing), engines: async () => engines.availability })
  const inFlight = new InFlight()
  const metrics = new RequestMetrics()
  const work = workRegistry('0', () => computing.memory.takenBytes)
  const registries = [metrics.registry, work, jobRegistry(jobs.numbers)]
  gauge(work, 'attention_queue_length', 'Requests that wait for their turn.', [], () => [[{}, computing.turns.queued]])
  const tracing = await startTracing(config, 'service')
  let deviceLost = false // nobody restarts a lone process but an orchestrator that asks /health/live
  const app = await buildApp(config, log, [
    ...first,
    ...frontParts(config, {
      inFlight,
      metrics,
      tracing,
      isInternal: () => false,
      readMetrics: async () => addUp(await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))),
    }),
    healthRoutes(readiness, () => !deviceLost),
    endWithDevice(() => {
      deviceLost = true
      readiness.failed('the GPU failed; the process is to be started anew')
    }),
    engineRoutes(config, { availability: () => engines.availability, workers: () => [] }),
    asyncExperiments(jobs.jobs, config),
    ...computeParts(config, computing, readiness),
    jobRoutes(jobs.jobs, config),
    ...(first.length === 0 ? [openapiRoutes(config.BASE_PATH), docsRoutes, dashboardRoutes(config.BASE_PATH)] : []),
  ])
  return {
    app,
    engines,
    readiness,
    async verify() {
      try {
        if (engines.failure !== null) throw new Error(engines.failure)
        for (const engine of engines.all) await verifyEngine(engine, engines.named('reference'))
        await Promise.all([warmUp(engines), useTextThreads(availableParallelism())])
        readiness.ready()
        await jobs.start()
      } catch (error) {
        readiness.failed((error as Error).message)
      }
    },
    async close() {
      readiness.draining()
      await jobs.quiet()
      await inFlight.idle(Math.max(config.REQUEST_TIMEOUT, config.EXPERIMENT_TIMEOUT) * 1000)
      await closeApp(app)
      await jobs.close()
      await engines.close()
      await tracing.close()
    },
  }
}
