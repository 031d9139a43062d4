import { Registry } from 'prom-client'
import { counter, gauge } from '../metrics/registries.ts'
import { jobStates } from './job.ts'
import { chunkOutcomes } from './numbers.ts'
import type { JobNumbers } from './numbers.ts'

/** What the process that has the jobs knows of them. */
export function jobRegistry({ chunks, store }: JobNumbers): Registry {
  const registry = new Registry()
  counter(
    registry,
    'attention_job_chunks_total',
    'Tries at the chunks of seeds of jobs, by how they ended.',
    ['outcome'],
    () => chunkOutcomes.map((outcome) => [{ outcome }, chunks[outcome]] as const),
  )
  gauge(registry, 'attention_jobs', 'Jobs in the store, which replicas may share, by state.', ['state'], async () => {
    const numbers = await store()
    return numbers === null ? [] : jobStates.map((state) => [{ state }, numbers.jobs[state] ?? 0] as const)
  })
  gauge(
    registry,
    'attention_job_seeds_left',
    'Seeds of jobs in the store that are still to be computed.',
    [],
    async () => {
      const numbers = await store()
      return numbers === null ? [] : [[{}, numbers.seedsLeft]]
    },
  )
  return registry
}
