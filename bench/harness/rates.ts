/**
 * What this machine can do at best, in the service's own runtime: `measureRates` starts this file as a process of its
 * own, so that its memory and threads are gone when the rows are measured.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect } from 'node:net'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { tensorView } from '../../src/encoders/array-view.ts'
import { giveBack } from '../../src/encoders/blocks.ts'
import { NumberSink } from '../../src/encoders/number-sink.ts'
import { flatRuns, writeRun } from '../../src/encoders/number-text.ts'
import { Graph } from '../../src/onnx/graph.ts'
import { Generator } from '../../src/random/generator.ts'

export interface Rates {
  readonly cores: number
  /** Multiply-adds of a float32 product of 1024 x 768 by 768 x 768 on every core, two operations each, GFLOP/s. */
  readonly gigaflops: number
  /** Bytes read and as many written by one core's copy of 64 MiB, GB/s of bytes copied. */
  readonly copyGigabytes: number
  /** Shortest decimal text of float32 weights between 0 and 1 on one core, ns a number. */
  readonly textNanoseconds: number
  /** PyTorch's uniforms and normals on one core, ns a number. */
  readonly uniformNanoseconds: number
  readonly normalNanoseconds: number
  /** 64 MiB through a TCP connection on the loopback, writer and reader in one process, GB/s. */
  readonly socketGigabytes: number
}

/** The least time of several calls, in nanoseconds, after one that warms up. */
async function least(call: () => unknown, times = 12): Promise<number> {
  await call()
  let best = Infinity
  for (let i = 0; i < times; i++) {
    const start = process.hrtime.bigint()
    await call()
    best = Math.min(best, Number(process.hrtime.bigint() - start))
  }
  return best
}

async function gigaflops(cores: number): Promise<number> {
  const { default: ort } = (await import('onnxruntime-node')) as unknown as {
    default: typeof import('onnxruntime-node')
  }
  const graph = new Graph()
  graph.output('y', graph.op('MatMul', [graph.input('x', 'float', 2), graph.input('w', 'float', 2)]))
  const session = await ort.InferenceSession.create(graph.model(), { intraOpNumThreads: cores, logSeverityLevel: 3 })
  const filled = (rows: number, columns: number) =>
    new ort.Tensor('float32', new Float32Array(rows * columns).fill(0.01), [rows, columns])
  const feeds = { x: filled(1024, 768), w: filled(768, 768) }
  const y = filled(1024, 768)
  const nanoseconds = await least(() => session.run(feeds, { y }), 40)
  await session.release()
  return (2 * 1024 * 768 * 768) / nanoseconds
}

async function socketGigabytes(): Promise<number> {
  const bytes = Buffer.alloc(64 * 2 ** 20)
  const server = createServer((socket) => socket.resume().on('end', () => socket.end()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const nanoseconds = await least(async () => {
    const socket = connect(port, '127.0.0.1').resume()
    socket.end(bytes)
    await once(socket, 'close')
  }, 5)
  server.close()
  return bytes.length / nanoseconds
}

async function measure(): Promise<Rates> {
  const cores = availableParallelism()
  const from = new Float32Array(2 ** 24)
  const to = new Float32Array(2 ** 24)
  const weights = Float32Array.from({ length: 100_000 }, () => Math.random())
  const text = (): void => {
    const sink = new NumberSink()
    for (const run of flatRuns(tensorView({ shape: [100, 1000], data: weights }))) {
      writeRun(run, sink)
      giveBack(sink.take())
    }
  }
  const many = new Float32Array(2 ** 19)
  return {
    cores,
    gigaflops: await gigaflops(cores),
    copyGigabytes: from.byteLength / (await least(() => to.set(from))),
    textNanoseconds: (await least(text)) / weights.length,
    uniformNanoseconds: (await least(() => new Generator(1).uniform(many, -1, 1))) / many.length,
    normalNanoseconds: (await least(() => new Generator(1).normal(many))) / many.length,
    socketGigabytes: await socketGigabytes(),
  }
}

/** Measures the machine, which takes some seconds. */
export async function measureRates(): Promise<Rates> {
  const child = fork(fileURLToPath(import.meta.url), ['--measure'])
  const [rates] = (await once(child, 'message')) as [Rates]
  child.disconnect()
  return rates
}

if (process.argv.includes('--measure')) process.send!(await measure())
