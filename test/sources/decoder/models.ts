import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Architecture } from '../../../src/sources/decoder/architecture.ts'
import { openCheckpoint } from '../../../src/sources/decoder/checkpoint/checkpoint.ts'
import { parametersOf, readArchitecture } from '../../../src/sources/decoder/families/index.ts'
import { WeightStore } from '../../../src/models/weight-store.ts'
import type { StoredWeights } from '../../../src/models/weight-store.ts'

/** Tiny random models and what transformers computes with them: test/truth/models.py */
export const truthFolder = join(import.meta.dirname, '../../truth/models')

export const truthModels: readonly string[] = (await readdir(truthFolder)).sort()

export interface TruthModel {
  readonly architecture: Architecture
  readonly weights: StoredWeights
  readonly expected: ReadonlyMap<string, Expected>
  close(): Promise<void>
}

export interface Expected {
  readonly shape: readonly number[]
  readonly values: Float32Array | Int32Array
}

export async function openTruthModel(name: string): Promise<TruthModel> {
  const folder = join(truthFolder, name)
  const data = await mkdtemp(join(tmpdir(), 'weights-'))
  const checkpoint = await openCheckpoint(folder)
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>
  const architecture = readArchitecture(config, (tensor) => checkpoint.tensors.has(tensor))
  const store = new WeightStore(data)
  const weights = await store.prepare(checkpoint, parametersOf(architecture), await store.digest(checkpoint))
  await checkpoint.close()
  return {
    architecture,
    weights,
    expected: await readExpected(folder),
    async close() {
      await weights.close()
      await rm(data, { recursive: true })
    },
  }
}

async function readExpected(folder: string): Promise<Map<string, Expected>> {
  const bytes = await readFile(join(folder, 'expected.safetensors'))
  const length = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >
  delete header.__metadata__
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const data = Uint8Array.from(bytes.subarray(8 + length + from, 8 + length + to)).buffer
        return [name, { shape, values: dtype === 'I32' ? new Int32Array(data) : new Float32Array(data) }]
      },
    ),
  )
}
