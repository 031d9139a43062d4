import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { MemoryLedger } from '../admission/memory-ledger.ts'
import type { Config } from '../config.ts'
import { ServiceError } from '../errors.ts'
import { buildApp } from '../http/app.ts'
import { announcePage, listen } from '../http/listen.ts'
import { frontParts } from '../http/front.ts'
import { closeApp, InFlight } from '../http/plugins/in-flight.ts'
import { openapiRoutes } from '../http/openapi/routes.ts'
import { docsRoutes } from '../http/routes/docs.ts'
import { startTracing } from '../http/plugins/tracing.ts'
import { Readiness } from '../http/readiness.ts'
import { dashboardRoutes } from '../http/routes/dashboard.ts'
import { engineRoutes } from '../http/routes/engines.ts'
import { healthRoutes } from '../http/routes/health.ts'
import { memoryShares } from '../memory-shares.ts'
import { RequestMetrics } from '../metrics/registries.ts'
import type { ServiceProcess } from './service-process.ts'
import { CrashLoop, probationMs } from './crash-loop.ts'
import { Dispatcher } from './dispatcher.ts'
import { forwardRoutes } from './forward.ts'
import { openInternalDoor } from './internal-door.ts'
import { forwardToJobs } from './forward-jobs.ts'
import { JobsLink } from './jobs-link.ts'
import { Receiver } from './receive.ts'
import { gatewayMetrics } from './metrics.ts'
import { removeLeftFolders } from './left-folders.ts'
import { privateFolder } from './private-folder.ts'
import { WorkerLink } from './worker-link.ts'

const workerStopMs = 5_000
const doorName = 'gateway.sock'
/** A report in the making is worth waiting for. */
const jobsStopMs = 30_000

/**
 * The process that clients speak to: it accepts, refuses, queues and forwards, keeps workers running, and computes
 * nothing.
 */
export async function serveGateway(
  config: Config,
  log: FastifyBaseLogger,
  gpus: readonly string[],
): Promise<ServiceProcess> {
  const folder = privateFolder()
  const readiness = new Readiness()
  const shares = memoryShares(config)
  const bodies = new MemoryLedger(shares.bodyBytes)
  const workers: WorkerLink[] = []
  const dispatcher = new Dispatcher(config.QUEUE_LIMIT, workers)
  const crashLoop = new CrashLoop(() => dispatcher.counters.answered)
  const inFlight = new InFlight()

  const judge = (): void => {
    // Ready and live agree: what is to be restarted takes no requests.
    if (crashLoop.broken) return readiness.failed('workers end as soon as they start')
    if (workers.some(({ ready }) => ready)) return readiness.ready()
    const failed = workers.find(({ state }) => state.state === 'failed')
    if (failed !== undefined && workers.every(({ state }) => state.state !== 'starting'))
      readiness.failed(failed.state.reason!)
    else if (!workers.some(({ returning }) => returning))
      readiness.failed('no worker is running; the next one is being started')
  }
  const changed = (worker: WorkerLink): void => {
    judge()
    const { pid, ready } = worker
    if (!ready || !crashLoop.broken) return
    const probation = setTimeout(() => {
      if (worker.pid !== pid || !worker.ready) return
      crashLoop.over()
      judge()
    }, probationMs)
    probation.unref()
  }
  dispatcher.hopeless = () => (readiness.status === 'failed' ? (readiness.reason ?? 'no worker is running') : null)

  for (let id = 0; id < config.WORKERS; id++) {
    const environment: Record<string, string> = {
      NODE_COMPILE_CACHE: join(folder, 'compiled'), // the next one starts in half the time
      ...(gpus.length > 0 ? { CUDA_VISIBLE_DEVICES: gpus[id % gpus.length]! } : {}), // one each
      ...(config.DEVICE === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
    }
    const socketPath = join(folder, `worker-${id}.sock`)
    workers.push(
      new WorkerLink(
        id,
        { role: 'worker', name: `worker ${id}`, args: [String(id), socketPath], environment },
        socketPath,
        log,
        {
          free: () => dispatcher.pump(),
          changed,
          died(worker, death) {
            const othersAreSound = workers.some((other) => other !== worker && other.readyForMs >= probationMs)
            if (!othersAreSound) crashLoop.died(death)
            judge()
            dispatcher.workerDied(worker, death)
            if (readiness.status === 'failed')
              dispatcher.failWaiting(
                () =>
                  new ServiceError('worker-lost', `No worker is left: ${readiness.reason}.`, {
                    headers: { 'retry-after': '5' },
                  }),
              )
          },
        },
      ),
    )
  }

  const receiver = new Receiver(config.BODY_LIMIT * 2 ** 20, bodies)
  const door = openInternalDoor(join(folder, doorName))
  const jobs = new JobsLink(config, join(folder, 'jobs.sock'), door.path, log)
  const isInternal = (request: FastifyRequest): boolean => door.isInternal(request.raw)
  const metrics = new RequestMetrics()
  const tracing = await startTracing(config, 'gateway')
  const readMetrics = gatewayMetrics(metrics, { workers, jobs, dispatcher, bodies })
  const app = await buildApp(config, log, [
    ...frontParts(config, {
      inFlight,
      metrics,
      tracing,
      readMetrics,
      isInternal,
      routeOf: (path) => (workers.find(({ routes }) => routes.includes(path)) === undefined ? undefined : path),
    }),
    healthRoutes(readiness, () => !crashLoop.broken),
    engineRoutes(config, {
      availability: () => workers.find(({ state }) => state.engines.length > 0)?.state.engines ?? [],
      workers: () => workers.map(({ state }) => state),
    }),
    forwardToJobs(config, jobs, readiness, receiver),
    forwardRoutes(config, { dispatcher, readiness, receiver, isBackground: isInternal }),
    openapiRoutes(config.BASE_PATH),
    docsRoutes,
    dashboardRoutes(config.BASE_PATH),
  ])
  const cleanUp = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    await listen(app, config)
  } catch (error) {
    cleanUp()
    throw error
  }
  await door.listen(app)
  if (process.stdout.isTTY) void readiness.whenReady.then(() => announcePage(app, config))
  for (const worker of workers) worker.start()
  jobs.startIfNeeded()
  void removeLeftFolders(folder, doorName).then((left) => {
    if (left.length > 0) log.info({ folders: left }, 'folders of services that were killed are removed')
  })

  return {
    async stop() {
      readiness.draining()
      await jobs.stop(jobsStopMs)
      await inFlight.idle(Math.max(config.REQUEST_TIMEOUT, config.EXPERIMENT_TIMEOUT) * 1000 + workerStopMs)
      await Promise.all([closeApp(app), door.close()])
      await Promise.all(workers.map((worker) => worker.stop(workerStopMs)))
      await tracing.close()
      cleanUp()
    },
    destroy() {
      for (const worker of workers) worker.destroy()
      jobs.destroy()
      cleanUp()
    },
  }
}
