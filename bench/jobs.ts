import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { family, hasEnded } from '../test/support/job-client.ts'
import { postgresPrograms, TestPostgres } from '../test/support/postgres.ts'
import { RunningService } from '../test/support/running-service.ts'

/**
 * Seeds a second of one job on PostgreSQL, with one replica and with two, each held to one core, which stands for a
 * machine of its own; PostgreSQL shares the cores. `npm run bench:jobs [seeds]`
 */
const seeds = Number(process.argv[2] ?? 20_000)
const rounds = 3

const programs = postgresPrograms()
if (programs === null) throw new Error('PostgreSQL is not installed here')
if (availableParallelism() < 2) throw new Error('this wants two cores')

const jobSeconds = async (replicas: readonly RunningService[], first: number): Promise<number> => {
  const answer = await replicas[0]!.post(
    '/experiments/bias',
    { seeds: { first, count: seeds } },
    { prefer: 'respond-async' },
  )
  const location = answer.headers.location as string
  for (;;) {
    const job = (await replicas[0]!.get(location)).json()
    if (hasEnded(job)) return (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

console.log('| replicas | seeds | seconds (of three) | seeds a second | |')
console.log('|---|---|---|---|---|')
const best: number[] = []
for (const count of [1, 2]) {
  const postgres = await TestPostgres.start(programs)
  const replicas: RunningService[] = []
  for (let core = 0; core < count; core++) {
    const replica = await RunningService.start({
      DATABASE_URL: postgres.url,
      WORKERS: '1',
      ENGINE: 'direct',
      LOG_LEVEL: 'warn',
      MAX_SEEDS: '1000000',
    })
    for (const pid of family(replica.pid)) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)])
    replicas.push(replica)
  }
  await jobSeconds(replicas, 10 * seeds)
  const times: number[] = []
  for (let round = 0; round < rounds; round++) times.push(await jobSeconds(replicas, round * seeds))
  times.sort((a, b) => a - b)
  const perSecond = seeds / times[1]!
  best.push(perSecond)
  console.log(
    `| ${count} | ${seeds} | ${times.map((time) => time.toFixed(1)).join(', ')} | ${perSecond.toFixed(0)} | ${count === 1 ? '' : `${(best[1]! / best[0]!).toFixed(2)} times`} |`,
  )
  for (const replica of replicas) await replica.stop()
  await postgres.stop()
}
