/**
 * node bench/gpu/side.ts ENGINE DEVICE: times one engine on one device, in a process of its own, since libraries read
 * their environment once. A wrong answer ends it before anything is timed. Prints one SideResult as JSON.
 */
import { availableParallelism } from 'node:os'
import { defaultEnvironment } from '../../src/config.ts'
import type { Device, Engine, EngineName, Wanted } from '../../src/engines/engine.ts'
import { loadEngines } from '../../src/engines/load.ts'
import { verifyEngine } from '../../src/engines/readiness.ts'
import { drawProblem } from '../../test/conformance/problems.ts'
import { lengths, numHeads, width } from './lengths.ts'
import type { SideResult } from './lengths.ts'

const [name, device] = process.argv.slice(2) as [EngineName, Device]
const engines = await loadEngines({
  engine: name,
  device,
  threads: availableParallelism(),
  version: 'bench',
  setEnvironment: defaultEnvironment,
})
if (engines.failure !== null) throw new Error(engines.failure)
const engine = engines.named(name)
await verifyEngine(engine, engines.named('reference'))

/** Median of as many runs as fit into a second, five at least, after two that warm up. */
async function median(engine: Engine, seqLen: number, wanted: Wanted): Promise<number> {
  const problem = drawProblem({
    name: 'bench',
    batch: 1,
    seqLen,
    dIn: width,
    numHeads,
    headDim: width / numHeads,
    outputDim: width,
    biases: 'o',
  })
  for (let i = 0; i < 2; i++) await engine.run(problem, wanted)
  const times: number[] = []
  for (const end = performance.now() + 1000; times.length < 5 || performance.now() < end; ) {
    const start = performance.now()
    await engine.run(problem, wanted)
    times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!
}

const result = { summary: {} as Record<number, number>, weights: {} as Record<number, number> }
for (const seqLen of lengths) {
  result.summary[seqLen] = await median(engine, seqLen, {})
  result.weights[seqLen] = await median(engine, seqLen, { weights: true })
}
await engines.close()
console.log(
  JSON.stringify({ name: `${engine.name} ${engine.version} on ${engine.device}`, ...result } satisfies SideResult),
)
