import { rmSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { availableParallelism } from 'node:os'
import { defaultEnvironment, gpusOf } from '../config.ts'
import type { Config } from '../config.ts'
import { useTextThreads } from '../encoders/text-threads.ts'
import { loadEngines } from '../engines/load.ts'
import { verifyEngine } from '../engines/readiness.ts'
import type { FromChild, ToChild } from '../gateway/messages.ts'
import { buildApp } from '../http/app.ts'
import { Calls } from '../http/calls.ts'
import { computeParts, computingWith } from '../http/compute-parts.ts'
import { experimentRowsRoutes } from '../http/routes/experiment-rows.ts'
import { healthRoutes } from '../http/routes/health.ts'
import { HandOvers } from '../http/plugins/hand-over.ts'
import { endWithDevice } from '../http/plugins/end-with-device.ts'
import { reportWork } from '../http/plugins/report-work.ts'
import { startTracing } from '../http/plugins/tracing.ts'
import { Readiness } from '../http/readiness.ts'
import { warmUp } from '../http/warm-up.ts'
import { createLog } from '../log.ts'
import { chunkSeconds } from '../jobs/chunk-seconds.ts'
import { memoryShares } from '../memory-shares.ts'
import { workRegistry } from '../metrics/registries.ts'
import { version } from '../version.ts'
import { endWithTheGateway } from './end-with-gateway.ts'

/** A worker: the app that computes, on a Unix socket, for its gateway alone. `end` ends the process. */
export async function serveWorker(
  config: Config,
  id: string,
  socketPath: string,
  end: (code: number) => void,
): Promise<void> {
  const log = createLog(config.LOG_LEVEL, `worker ${id}`, process.stdout.isTTY)
  const say = (message: FromChild): void => void process.send?.(message, () => {})
  endWithTheGateway(socketPath, end)

  const readiness = new Readiness()
  const threads = Math.max(1, Math.floor(availableParallelism() / config.WORKERS))
  const engines = await loadEngines({
    engine: config.ENGINE,
    device: config.DEVICE,
    threads,
    version,
    setEnvironment: defaultEnvironment,
    gpus: gpusOf().length,
  })
  const calls = new Calls()
  const computing = computingWith(engines, config.QUEUE_LIMIT, memoryShares(config).workerBytes, calls)
  const metrics = workRegistry(id, () => computing.memory.takenBytes)
  const tracing = await startTracing(config, `worker ${id}`)
  const handOvers = new HandOvers()
  const routes: string[] = []
  const app = await buildApp(
    config,
    log,
    [
      (app) => {
        app.addHook('onRoute', ({ url, config }) => {
          if ((config as { computes?: boolean } | undefined)?.computes === true) routes.push(url)
        })
      },
      reportWork,
      handOvers.part,
      (app) => tracing.traceRequests(app),
      endWithDevice(() => end(1)),
      healthRoutes(readiness, () => true),
      ...computeParts(config, computing, readiness),
      experimentRowsRoutes(computing, chunkSeconds(config)),
    ],
    'debug',
  )
  app.server.keepAliveTimeout = 0 // the gateway keeps its connections
  app.server.requestTimeout = 0
  rmSync(socketPath, { force: true }) // left by the worker before
  await app.listen({ path: socketPath })

  const stop = async (): Promise<void> => {
    await app.close()
    await engines.close()
    await tracing.close()
  }
  process.on('message', (message: ToChild, handle?: unknown) => {
    if (message.type === 'given-up')
      calls.giveUp(message.call, (workUnits) => say({ type: 'ended', call: message.call, workUnits }))
    else if (message.type === 'metrics')
      void metrics.getMetricsAsJSON().then((values) => say({ type: 'metrics', id: message.id, metrics: values }))
    else if (message.type === 'write') handOvers.lend(message.id, handle)
    else if (message.type === 'stop') void stop().then(() => end(0))
  })

  try {
    if (engines.failure !== null) throw new Error(engines.failure)
    for (const engine of engines.all) await verifyEngine(engine, engines.named('reference'))
    await Promise.all([warmUp(engines), useTextThreads(threads)])
    // A worker that is killed writes nothing at its end; before ready, for it may take a second once
    flushCompileCache()
    readiness.ready()
    // On a terminal the gateway's last line says it, once
    const level = process.stdout.isTTY ? 'debug' : 'info'
    log[level]({ engine: engines.main.name, device: engines.main.device }, 'ready')
    say({ type: 'ready', device: engines.main.device, engines: engines.availability, routes: [...new Set(routes)] })
  } catch (error) {
    const reason = (error as Error).message
    readiness.failed(reason)
    log.error({ err: error }, 'not ready')
    say({ type: 'failed', reason, engines: engines.availability })
  }
}
