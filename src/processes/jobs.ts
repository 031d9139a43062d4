import { rmSync } from 'node:fs'
import type { Config } from '../config.ts'
import { MemoryLedger } from '../admission/memory-ledger.ts'
import type { FromChild, ToChild } from '../gateway/messages.ts'
import { buildApp } from '../http/app.ts'
import { askForKeys } from '../http/plugins/auth.ts'
import { chargeBodies } from '../http/plugins/body-memory.ts'
import { closeApp, InFlight } from '../http/plugins/in-flight.ts'
import { reportWork } from '../http/plugins/report-work.ts'
import { asyncExperiments, onlyAsyncExperiments } from '../http/routes/async-experiments.ts'
import { jobRoutes } from '../http/routes/jobs.ts'
import { createJobs } from '../jobs/create.ts'
import { jobRegistry } from '../jobs/registry.ts'
import { workersThroughGateway } from '../jobs/workers-through-gateway.ts'
import { createLog } from '../log.ts'
import { memoryShares } from '../memory-shares.ts'
import { endWithTheGateway } from './end-with-gateway.ts'

const lastAnswersMs = 20_000

/**
 * The process that has the jobs: their routes on a Unix socket, for its gateway alone; their chunks go through the
 * gateway's private socket to the workers. `end` ends the process.
 */
export async function serveJobs(
  config: Config,
  socketPath: string,
  gatewaySocketPath: string,
  end: (code: number) => void,
): Promise<void> {
  const log = createLog(config.LOG_LEVEL, 'jobs', process.stdout.isTTY)
  const say = (message: FromChild): void => void process.send?.(message, () => {})
  endWithTheGateway(socketPath, end)

  const inFlight = new InFlight()
  const service = createJobs(config, log, workersThroughGateway(gatewaySocketPath))
  const metrics = jobRegistry(service.numbers)
  const app = await buildApp(
    config,
    log,
    [
      (app) => inFlight.watch(app),
      (app) => askForKeys(app, config.API_KEYS, () => false),
      (app) => chargeBodies(app, new MemoryLedger(memoryShares(config).bodyBytes)),
      reportWork,
      asyncExperiments(service.jobs, config),
      onlyAsyncExperiments,
      jobRoutes(service.jobs, config),
    ],
    'debug',
  )
  app.server.keepAliveTimeout = 0 // the gateway keeps its connections
  app.server.requestTimeout = 0
  rmSync(socketPath, { force: true }) // left by the process before
  await app.listen({ path: socketPath })

  const stop = async (): Promise<void> => {
    await service.quiet()
    await inFlight.idle(lastAnswersMs)
    await closeApp(app)
    await service.close()
  }
  process.on('message', (message: ToChild) => {
    if (message.type === 'ping') say({ type: 'pong' })
    else if (message.type === 'metrics')
      void metrics.getMetricsAsJSON().then((values) => say({ type: 'metrics', id: message.id, metrics: values }))
    else if (message.type === 'stop') void stop().then(() => end(0))
  })
  say({ type: 'ready', device: '', engines: [], routes: [] })
  await service.start()
}
