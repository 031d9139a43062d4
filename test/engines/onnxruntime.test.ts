import ort from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultEnvironment } from '../../src/config.ts'
import type { Engine } from '../../src/engines/engine.ts'
import { openOnnxruntime } from '../../src/engines/onnxruntime/index.ts'
import { Sessions } from '../../src/engines/onnxruntime/sessions.ts'
import { solve } from '../../src/engines/onnxruntime/solve.ts'
import { drawProblem, inputOf, problemCases, withInput } from '../conformance/problems.ts'

const problemNamed = (name: string) => drawProblem(problemCases.find((of) => of.name === name)!)
const study = problemNamed('the study: B 5, T 8')

describe('sessions', () => {
  const many = 1e9

  it('serve every batch, length and width of one structure', async () => {
    const sessions = new Sessions(ort, 'cpu', 1, 16)
    for (const name of ['T 128', 'T 129', 'the study: B 5, T 8', 'one token'])
      await solve(sessions, problemNamed(name), {}, many)
    expect(sessions.size).toBe(3) // projections, a block, the output projection
    await solve(sessions, problemNamed('T 127'), {}, many)
    expect(sessions.size).toBe(4) // projections of a single item
    await solve(sessions, problemNamed('T 129'), { weights: true }, many)
    expect(sessions.size).toBe(5)
    await sessions.close()
    expect(sessions.size).toBe(0)
  })

  it('are never more than their limit, and come back when they are needed again', async () => {
    const sessions = new Sessions(ort, 'cpu', 1, 2)
    const first = await solve(sessions, study, { weights: true }, many)
    for (const { name } of problemCases.filter(({ seqLen }) => seqLen < 20)) {
      await solve(sessions, problemNamed(name), {}, many)
      expect(sessions.size).toBeLessThanOrEqual(2)
    }
    expect(await solve(sessions, study, { weights: true }, many)).toEqual(first)
    await sessions.close()
  })
})

describe('the engine', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openOnnxruntime({ device: 'cpu', threads: 2, setEnvironment: defaultEnvironment })
  })
  afterAll(() => engine.close())

  it('answers runs that are asked for at once as it answers them one by one', async () => {
    const problems = problemCases.slice(0, 12).map(drawProblem)
    const alone = []
    for (const problem of problems) alone.push(await engine.run(problem, { weights: true }))
    expect(await Promise.all(problems.map((problem) => engine.run(problem, { weights: true })))).toEqual(alone)
  })

  it('goes on after a run that failed', async () => {
    const broken = withInput(study, inputOf(study).subarray(1))
    const [failed, next] = await Promise.allSettled([engine.run(broken, {}), engine.run(study, {})])
    expect(failed.status).toBe('rejected')
    expect(failed).toHaveProperty('reason.code', 'engine-failed')
    expect(next.status).toBe('fulfilled')
  })

  it('hands over blocks that hold no more than the keys up to their last row', async () => {
    const { weights } = await engine.run(problemNamed('T 300'), { weights: true })
    expect(weights!.blocks.map(({ width }) => width)).toEqual([64, 128, 192, 256, 300])
    expect(weights!.blocks.map(({ data }) => data.length)).toEqual(
      [64 * 64, 64 * 128, 64 * 192, 64 * 256, 44 * 300].map((scores) => 3 * 2 * scores),
    )
  })
})
