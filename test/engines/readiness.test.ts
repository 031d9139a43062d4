import { expect, it } from 'vitest'
import type { Engine } from '../../src/engines/engine.ts'
import { directEngine } from '../../src/engines/direct/index.ts'
import { verifyEngine } from '../../src/engines/readiness.ts'
import { referenceEngine } from '../../src/engines/reference/index.ts'

const reference = referenceEngine('test')
const sound = directEngine('test')

/** An engine whose context has one wrong number. */
const wrongBy = (at: number, value: number): Engine => ({
  ...sound,
  async run(problem, wanted) {
    const output = await sound.run(problem, wanted)
    output.context.data[at] = value
    return output
  },
})

it('lets an engine serve that agrees with the reference', async () => {
  await expect(verifyEngine(sound, reference)).resolves.toBeUndefined()
})

it('refuses an engine with a wrong number, or with none, wherever it stands', async () => {
  for (const at of [0, 7, 159]) {
    for (const value of [100, NaN, Infinity]) {
      await expect(verifyEngine(wrongBy(at, value), reference), `${value} at ${at}`).rejects.toThrow('does not agree')
    }
  }
})
