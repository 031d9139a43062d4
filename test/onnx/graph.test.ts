import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { Graph } from '../../src/onnx/graph.ts'

describe('a graph', () => {
  it("is a model that onnxruntime runs, with onnxruntime's own operators and outputs under their names", async () => {
    const graph = new Graph()
    const x = graph.input('x', 'float', 2)
    const doubled = graph.op('Mul', [x, graph.constant([1], Float32Array.of(2))])
    graph.output('doubled', doubled)
    graph.output('product', graph.op('com.microsoft.FusedMatMul', [doubled, x], { transB: 1, alpha: { float: 0.5 } }))
    graph.output('column', graph.op('Slice', [x, graph.integers(-1), graph.integers(9), graph.integers(1)]))
    graph.output('turned', graph.op('Transpose', [x], { perm: [1, 0] }))
    const session = await ort.InferenceSession.create(graph.model(), { logSeverityLevel: 3 })
    const out = await session.run({ x: new ort.Tensor('float32', Float32Array.of(1, 2, 3, 4), [2, 2]) })
    expect([...(out.doubled!.data as Float32Array)]).toEqual([2, 4, 6, 8])
    expect([...(out.product!.data as Float32Array)]).toEqual([5, 11, 11, 25])
    expect([...(out.column!.data as Float32Array)]).toEqual([2, 4])
    expect([...(out.turned!.data as Float32Array)]).toEqual([1, 3, 2, 4])
    await session.release()
  })

  it('reads constants out of a file, beginning anywhere in it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'external-'))
    await writeFile(join(folder, 'weights'), Buffer.from(Float32Array.of(9, 9, 9, 1, 2, 3, 4).buffer))
    const graph = new Graph({ opset: 23 })
    const weight = graph.external([2, 2], { file: 'weights', offset: 12, bytes: 16 })
    expect(graph.external([2, 2], { file: 'weights', offset: 12, bytes: 16 })).toBe(weight)
    const product = graph.op('Gemm', [graph.input('x', 'float', 2), weight], { transB: 1 })
    graph.output('y', graph.op('Gelu', [product], { approximate: 'tanh' }))
    const session = await ort.InferenceSession.create(graph.model(), {
      logSeverityLevel: 3,
      extra: { session: { model_external_initializers_file_folder_path: folder } },
    })
    const { y } = await session.run({ x: new ort.Tensor('float32', Float32Array.of(10, 10), [1, 2]) })
    expect([...(y!.data as Float32Array)]).toEqual([30, 70].map((value) => expect.closeTo(value, 4) as number))
    await session.release()
    await rm(folder, { recursive: true })
  })
})
