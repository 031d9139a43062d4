/**
 * node bench/engines.ts [engine ...]: microseconds of a run of each engine, from the study's size to large ones,
 * medians of rounds taken in turn. Where the first engine stops being the faster one is what `directLimit` in
 * src/engines/select.ts is set by.
 */
import { availableParallelism } from 'node:os'
import { defaultEnvironment } from '../src/config.ts'
import type { Engine, EngineName, Wanted } from '../src/engines/engine.ts'
import { loadEngines } from '../src/engines/load.ts'
import { directWork } from '../src/engines/select.ts'
import { drawProblem } from '../test/conformance/problems.ts'

const rounds = 9
const roundMilliseconds = 40

/** batch, seqLen, dIn, numHeads, headDim, what is wanted */
const sizes: readonly (readonly [number, number, number, number, number, Wanted])[] = [
  [1, 4, 4, 1, 4, { weights: true }],
  [5, 8, 20, 2, 8, { weights: true }], // the study
  [5, 8, 20, 2, 16, { weights: true }], // its wrapper
  [1, 16, 32, 4, 8, { weights: true }],
  [1, 64, 16, 2, 8, { weights: true }],
  [16, 8, 20, 2, 8, { weights: true }],
  [1, 32, 64, 4, 16, { weights: true }],
  [1, 128, 16, 2, 8, { weights: true }],
  [64, 8, 20, 2, 8, { weights: true }],
  [1, 16, 256, 4, 64, { weights: true }],
  [1, 64, 256, 8, 32, { weights: true }],
  [1, 128, 768, 12, 64, {}],
  [1, 256, 768, 12, 64, { weights: true }],
  [1, 512, 768, 12, 64, {}],
  [1, 1024, 768, 12, 64, {}],
  [1, 1024, 768, 12, 64, { weights: true }],
  [1, 2048, 768, 12, 64, {}],
]

const names = process.argv.length > 2 ? (process.argv.slice(2) as EngineName[]) : (['direct', 'onnxruntime'] as const)
const engines = await Promise.all(
  names.map(async (engine) => {
    const loaded = await loadEngines({
      engine,
      device: 'auto',
      threads: availableParallelism(),
      version: 'bench',
      setEnvironment: defaultEnvironment,
    })
    if (loaded.failure !== null) throw new Error(loaded.failure)
    return loaded.main
  }),
)

/** Microseconds of a run, over a round. */
async function round(engine: Engine, problem: ReturnType<typeof drawProblem>, wanted: Wanted): Promise<number> {
  const start = performance.now()
  let runs = 0
  let taken = 0
  while (taken < roundMilliseconds) {
    await engine.run(problem, wanted)
    runs++
    taken = performance.now() - start
  }
  return (taken * 1000) / runs
}

const cells = (...columns: (string | number)[]): string =>
  columns.map((column, i) => (i === 0 ? String(column).padEnd(38) : String(column).padStart(13))).join(' ')
console.log(cells('', 'direct work', ...engines.map(({ name }) => `${name} us`)))
for (const [batch, seqLen, dIn, numHeads, headDim, wanted] of sizes) {
  const name = `B ${batch}, T ${seqLen}, d ${dIn}, H ${numHeads} of ${headDim}, ${wanted.weights ? 'weights' : 'summary'}`
  const problem = drawProblem({
    name,
    batch,
    seqLen,
    dIn,
    numHeads,
    headDim,
    outputDim: numHeads * headDim,
    biases: 'o',
  })
  const work = directWork(problem)
  const taken = engines
    .map((engine) => ({ engine, times: [] as number[] }))
    .filter(({ engine }) => engine.name === 'onnxruntime' || engine.name === 'tensorflow' || work < 5e7)
  for (const { engine } of taken) await round(engine, problem, wanted)
  for (let i = 0; i < rounds; i++)
    for (const { engine, times } of taken) times.push(await round(engine, problem, wanted))
  const medians = engines.map(
    (engine) =>
      taken
        .find((each) => each.engine === engine)
        ?.times.sort((a, b) => a - b)
        [rounds >> 1]?.toFixed(0) ?? '-',
  )
  console.log(cells(name, work, ...medians))
}
console.log(`peak memory of this process: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`)
for (const engine of engines) await engine.close()
