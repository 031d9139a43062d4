import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { directEngine } from '../../src/engines/direct/index.ts'
import { headsDefaults } from '../../src/experiments/heads/config.ts'
import type { HeadsConfig } from '../../src/experiments/heads/config.ts'
import { planOf } from '../../src/experiments/index.ts'
import type { Run } from '../../src/experiments/plan.ts'
import { runPlan } from '../../src/experiments/run.ts'
import { Sample } from '../../src/experiments/sample.ts'
import { Generator } from '../../src/random/generator.ts'
import { estimateMean, studentInterval } from '../../src/statistics/intervals.ts'
import type { Interval } from '../../src/statistics/intervals.ts'
import { moments } from '../../src/statistics/moments.ts'
import { pairSimilarity } from '../../src/statistics/similarity.ts'

const repetitions = 400
const engine = directEngine('test')
const run: Run = (problem, wanted) => engine.run(problem, wanted)

/** Share of intervals that hold the truth. */
function coverage(intervals: readonly Interval[], truth: number): number {
  return intervals.filter(([low, high]) => low <= truth && truth <= high).length / intervals.length
}

describe('an interval over seeds', () => {
  const seedsEach = 25

  it('holds the true effect in 95 of 100 experiments; one that takes items for seeds does not', async () => {
    // The truth comes from NumPy, with other random numbers: row-centered correlation of two heads, 4,000 seeds.
    const { simulations } = JSON.parse(readFileSync(new URL('../truth/experiments.json', import.meta.url), 'utf8'))
    const heads = simulations.find(({ experiment }: { experiment: string }) => experiment === 'heads')
    const truth = heads.arms['heads-2'].row_centered_pearson[0] as number

    // The rows of 400 experiments of 25 seeds, and the items of each seed one by one.
    const { batch } = headsDefaults.input
    const byItem: number[] = []
    const watching: Run = async (problem, wanted) => {
      const output = await run(problem, wanted)
      if (wanted.queries && problem.size.heads === 2)
        for (let item = 0; item < batch; item++)
          byItem.push(pairSimilarity(output.weights!, item, 0, 1).rowCenteredPearson)
      return output
    }
    const config: HeadsConfig = {
      experiment: 'heads',
      ...headsDefaults,
      seeds: { first: 0, count: repetitions * seedsEach },
      pairing: 'parameters',
      confidence: 0.95,
      margin: 0.05,
      engine: undefined,
    }
    const plan = planOf(config)
    const bySeed = Array.from(new Sample(plan, await runPlan(plan, watching)).of('heads-2', 'rowCenteredPearson'))
    expect(byItem.length).toBe(bySeed.length * batch)

    const intervalsOf = (values: readonly number[], perExperiment: number): Interval[] =>
      Array.from(
        { length: repetitions },
        (_, i) => estimateMean(values.slice(i * perExperiment, (i + 1) * perExperiment), 0.95).interval!,
      )
    const honest = coverage(intervalsOf(bySeed, seedsEach), truth)
    const naive = coverage(intervalsOf(byItem, seedsEach * batch), truth)
    console.log(`seed as the unit: ${honest}; batch items as the unit: ${naive}`)
    expect(honest).toBeGreaterThanOrEqual(0.93)
    expect(honest).toBeLessThanOrEqual(0.97)
    expect(naive).toBeLessThan(0.9)
  })
})

describe('an interval of few or of skewed values', () => {
  const shapes = {
    normal: { mean: 0, of: (normal: number) => normal },
    exponential: { mean: 1, of: (_: number, uniform: number) => -Math.log(1 - uniform) },
    lognormal: { mean: Math.exp(0.5), of: (normal: number) => Math.exp(normal) },
  }

  /** Share of 400 samples of `size` whose interval holds the mean: the one that is chosen, and Student's. */
  function simulate(shape: keyof typeof shapes, size: number): { chosen: number; student: number } {
    const { mean, of } = shapes[shape]
    const generator = new Generator(size)
    const normals = new Float32Array(size)
    const uniforms = new Float32Array(size)
    const chosen: Interval[] = []
    const student: Interval[] = []
    for (let i = 0; i < repetitions; i++) {
      generator.normal(normals)
      generator.uniform(uniforms, 0, 1)
      const values = Float64Array.from(normals, (normal, at) => of(normal, uniforms[at]!))
      chosen.push(estimateMean(values, 0.95, i).interval!)
      student.push(studentInterval(moments(values), 0.95))
    }
    return { chosen: coverage(chosen, mean), student: coverage(student, mean) }
  }

  it.each([
    ['normal', 10],
    ['normal', 30],
  ] as const)('%s, %d: holds its level', (shape, size) => {
    const { chosen } = simulate(shape, size)
    expect(chosen).toBeGreaterThanOrEqual(0.93)
    expect(chosen).toBeLessThanOrEqual(0.97)
  })

  it.each([
    ['exponential', 20],
    ['lognormal', 20],
    ['lognormal', 50],
  ] as const)("%s, %d: comes nearer to its level than Student's", (shape, size) => {
    const { chosen, student } = simulate(shape, size)
    console.log(`${shape}, ${size} values: chosen ${chosen}, Student's t ${student}`)
    expect(chosen).toBeGreaterThanOrEqual(0.9)
    expect(student).toBeLessThan(0.94)
    expect(chosen).toBeGreaterThan(student)
  })
})
