import { afterAll, describe, expect, it } from 'vitest'
import type { Service } from '../../src/service.ts'
import { absent } from '../support/skip.ts'
import { startService } from '../support/service.ts'
import { givenCases, ownCases, stages, type Nested, type PyTorchCase, type RecordedTensor } from '../truth/pytorch.ts'

/** As it starts by default, and with each engine that it then does without. */
const byDefault = await startService({ DEVICE: 'cpu' })
const services = new Map(
  await Promise.all(
    byDefault.engines.availability.map(async ({ name }): Promise<[string, Service]> => {
      const enabled = byDefault.engines.all.some((engine) => engine.name === name)
      return [name, enabled ? byDefault : await startService({ ENGINE: name, DEVICE: 'cpu' })]
    }),
  ),
)
afterAll(async () => {
  for (const service of new Set(services.values())) await service.close()
})

type Answer = Record<string, Nested> & {
  parameters: Record<string, Nested>
  input: { shape: number[]; values: Nested }
  engine: { name: string }
}

async function answerTo({ app }: Service, each: PyTorchCase, engine: string): Promise<Answer> {
  const wanted = stages.filter((stage) => each[stage] !== undefined)
  const payload = { ...each.body, engine, return: [...new Set([...wanted, 'parameters', 'summary'])] }
  const response = await app.inject({ method: 'POST', url: each.path, payload })
  expect(response.statusCode, response.body.slice(0, 500)).toBe(200)
  return response.json<Answer>()
}

function shapeOf(nested: Nested | number | null): number[] {
  return Array.isArray(nested) ? [nested.length, ...shapeOf((nested as Nested)[0]!)] : []
}

/** Row-major, as the float32 that a decimal stands for. */
function flatten(nested: Nested): (number | null)[] {
  return ((nested as unknown[]).flat(Infinity) as (number | null)[]).map((value) =>
    value === null ? null : Math.fround(value),
  )
}

/** The greatest difference of numbers that stand at the same place; masked ones (null) must be masked on both sides. */
function greatestDifference(actual: readonly (number | null)[], expected: readonly (number | null)[]): number {
  expect(actual.length).toBe(expected.length)
  return expected.reduce<number>((greatest, value, at) => {
    const other = actual[at]!
    if (value === null || other === null) return value === other ? greatest : Infinity
    const difference = Math.abs(other - value)
    return difference > greatest || Number.isNaN(difference) ? difference : greatest
  }, 0)
}

/** Values, single values or ends within the tolerance; sums within what as many independent errors make. */
function expectTensor(name: string, actual: Nested, expected: RecordedTensor, tolerance: number): void {
  expect(shapeOf(actual), name).toEqual(expected.shape)
  const allowed = tolerance * Math.max(1, Math.abs(expected.min), Math.abs(expected.max))
  const numbers = flatten(actual)
  const finite = numbers.filter((value) => value !== null)
  const allowedSum = 1e-9 + allowed * Math.sqrt(finite.length)
  const ends = expected.first.length
  expect(
    greatestDifference(numbers.slice(0, ends), flatten(expected.first)),
    `${name}: first values`,
  ).toBeLessThanOrEqual(allowed)
  expect(greatestDifference(numbers.slice(-ends), flatten(expected.last)), `${name}: last values`).toBeLessThanOrEqual(
    allowed,
  )
  expect(Math.abs(finite.reduce((sum, value) => sum + value, 0) - expected.sum), `${name}: sum`).toBeLessThanOrEqual(
    allowedSum,
  )
  expect(
    Math.abs(finite.reduce((sum, value) => sum + value * value, 0) - expected.sum_sq),
    `${name}: sum of squares`,
  ).toBeLessThanOrEqual(allowedSum * 2 * Math.max(1, Math.abs(expected.min), Math.abs(expected.max)))
  if (expected.values) expect(greatestDifference(numbers, flatten(expected.values)), name).toBeLessThanOrEqual(allowed)
  const spots = expected.spots ?? []
  expect(
    greatestDifference(
      spots.map(([at]) => numbers[at]!),
      flatten(spots.map(([, value]) => value)),
    ),
    `${name}: single values`,
  ).toBeLessThanOrEqual(allowed)
}

/** Per head, over all rows and items: what the given cases say of their weights. */
function meanRowEntropy(weights: Nested): number[] {
  const items = weights as unknown as number[][][][]
  const heads = items[0]!.length
  return Array.from({ length: heads }, (_, head) => {
    const rows = items.flatMap((item) => item[head]!)
    const entropies = rows.map(
      (row) => -row.reduce((sum, weight) => (weight > 0 ? sum + weight * Math.log(weight) : sum), 0),
    )
    return entropies.reduce((a, b) => a + b, 0) / rows.length
  })
}

for (const [engine, service] of services) {
  const found = service.engines.availability.find(({ name }) => name === engine)!
  const missing = absent(!found.available, `${engine}, for PyTorch's cases, (${'reason' in found ? found.reason : ''})`)

  describe.skipIf(missing)(`PyTorch's numbers over HTTP from ${engine}`, () => {
    it.each([...givenCases, ...ownCases].map((each) => [each.name, each] as const))('%s', async (_name, each) => {
      const answer = await answerTo(service, each, engine)
      expect(answer.engine.name).toBe(engine)
      expect(Object.keys(answer.parameters)).toEqual(expect.arrayContaining(Object.keys(each.parameters)))
      for (const [name, expected] of Object.entries(each.parameters))
        expectTensor(name, answer.parameters[name]!, expected, 0)
      for (const stage of stages) {
        if (each[stage] !== undefined)
          expectTensor(stage, stage === 'input' ? answer.input.values : answer[stage]!, each[stage], each.tolerance)
      }
      const entropies = each.row_entropy_nats_mean_per_head
      if (entropies !== undefined)
        expect(greatestDifference(meanRowEntropy(answer['weights']!), entropies)).toBeLessThanOrEqual(each.tolerance)
    })
  })
}
