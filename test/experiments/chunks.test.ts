import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planOf, reportOf } from '../../src/experiments/index.ts'
import type { UnitRow } from '../../src/experiments/plan.ts'
import { runPlan, runRows } from '../../src/experiments/run.ts'
import { biasConfig, headsConfig, identity, run } from './support.ts'

const configs = [
  ['bias', biasConfig({ seeds: { first: 5, count: 12 } })],
  [
    'bias, as the study drew',
    biasConfig({ seeds: { list: [3, 1, 4, 15, 9, 2, 6, 53, 58, 97, 93, 23] }, pairing: 'notebook' }),
  ],
  ['heads', headsConfig({ seeds: { first: 5, count: 12 } })],
] as const

describe.each(configs)('%s', (_, config) => {
  const plan = planOf(config)

  it('gives the same report, byte for byte, however the seeds are split, in whatever order, through JSON', async () => {
    const whole = JSON.stringify(reportOf(plan, await runPlan(plan, run), identity))
    const cuts = fc
      .uniqueArray(fc.integer({ min: 1, max: 11 }), { maxLength: 5 })
      .map((at) => [0, ...at.toSorted((a, b) => a - b), 12])
    await fc.assert(
      fc.asyncProperty(cuts, fc.boolean(), async (ends, backwards) => {
        const chunks = ends.slice(1).map((to, i) => [ends[i]!, to] as const)
        const stored = new Map<number, string>()
        for (const [from, to] of backwards ? chunks.toReversed() : chunks) {
          stored.set(from, JSON.stringify(await runRows(planOf(config), from, to, run)))
        }
        const rows = [...stored].toSorted(([a], [b]) => a - b).flatMap(([, text]) => JSON.parse(text) as UnitRow[])
        expect(JSON.stringify(reportOf(planOf(config), rows, identity))).toBe(whole)
      }),
      { numRuns: 5 },
    )
  })

  it('has rows that JSON carries exactly', async () => {
    const rows = await runRows(plan, 0, 3, run)
    expect(JSON.parse(JSON.stringify(rows))).toEqual(rows)
    expect(JSON.stringify(rows)).not.toMatch(/NaN|Infinity/)
  })

  it('gives a seed the same row whichever seeds are beside it', async () => {
    const alone = await runRows(plan, 7, 8, run)
    const among = (await runRows(plan, 0, 12, run))[7]!
    expect(alone).toEqual([among])
  })
})

describe('a run', () => {
  const config = biasConfig({ seeds: { first: 0, count: 500 } })

  it('reports every seed that is done', async () => {
    const seen: number[] = []
    await runPlan(planOf(biasConfig({ seeds: { first: 0, count: 4 } })), run, { onProgress: (done) => seen.push(done) })
    expect(seen).toEqual([1, 2, 3, 4])
  })

  it('stops between two problems when its signal says so, with its reason', async () => {
    const controller = new AbortController()
    const reason = new Error('nobody waits any more')
    let problems = 0
    const stopping = runPlan(
      planOf(config),
      async (problem, wanted) => {
        if (++problems === 10) controller.abort(reason)
        return run(problem, wanted)
      },
      { signal: controller.signal },
    )
    await expect(stopping).rejects.toBe(reason)
    expect(problems).toBe(10)
  })

  it('lets the event loop turn while it goes on', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    let pauses = 0
    await runPlan(planOf(config), run, {
      pause: async () => {
        pauses++
        await new Promise((resolve) => setTimeout(resolve, 2))
      },
    })
    clearInterval(timer)
    expect(pauses).toBeGreaterThan(2)
    expect(turns).toBeGreaterThan(2)
  })

  it('hands on what fails', async () => {
    const failure = new Error('the engine broke')
    await expect(runPlan(planOf(config), () => Promise.reject(failure))).rejects.toBe(failure)
  })

  it('makes all 1,000 draws of the null, each once, however many seeds there are', async () => {
    for (const count of [1, 7, 1200]) {
      const draws = new Set<number>()
      let total = 0
      const { nullDrawsAt } = await import('../../src/experiments/heads/similarity-null.ts')
      for (let position = 0; position < count; position++)
        for (const draw of nullDrawsAt(headsConfig({ seeds: { first: 0, count } }), position)) {
          draws.add(draw)
          total++
        }
      expect([draws.size, total]).toEqual([1000, 1000])
    }
  })
})
