import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { everything, tensorFormats } from '../../src/attention/presentation.ts'
import { giveBack } from '../../src/encoders/blocks.ts'
import { encodeJson } from '../../src/encoders/json.ts'
import { NumberSink } from '../../src/encoders/number-sink.ts'
import type { Run } from '../../src/encoders/number-text.ts'
import { pieces } from '../../src/encoders/pieces.ts'
import { textThreads, TextThreads, useTextThreads } from '../../src/encoders/text-threads.ts'
import { line } from './number-texts.ts'
import { resultOf } from './results.ts'

const large = resultOf({ batch: 2, heads: 3, seqLen: 300, rowsPerBlock: 128 })
const larger = resultOf({ batch: 6, heads: 3, seqLen: 300, rowsPerBlock: 128 })
const small = resultOf({ batch: 2, heads: 3, seqLen: 40, rowsPerBlock: 128 })

/** The pieces' text, their memory used again when it is given back. */
async function textOf(answer: Buffer | Readable, give = true): Promise<string> {
  if (Buffer.isBuffer(answer)) return answer.toString()
  const texts: string[] = []
  for await (const piece of answer) {
    texts.push((piece as Buffer).toString('latin1'))
    if (give) giveBack(piece as Buffer)
  }
  return texts.join('')
}

/** How many runs the threads were given meanwhile. */
async function runsGiven(during: () => Promise<unknown>): Promise<number> {
  const threads = textThreads()
  const { write } = threads
  let runs = 0
  threads.write = (run: Run) => {
    runs++
    return write.call(threads, run)
  }
  await during()
  threads.write = write
  return runs
}

describe('JSON written by several threads', () => {
  const alone = new Map<string, string>()
  const cases = {
    'all of it': {},
    'some heads and rows': { heads: [2, 0], rows: [7, 280] as const },
    'a row': { rows: [299, 299] as const },
  }
  const results = {
    'two items': large,
    'one head': resultOf({ batch: 1, heads: 1, seqLen: 700, rowsPerBlock: 128 }),
    'one block': resultOf({ batch: 1, heads: 2, seqLen: 400, rowsPerBlock: 400 }),
  }
  const each = Object.entries(results).flatMap(([of, result]) =>
    Object.entries(cases).flatMap(([name, asked]) =>
      tensorFormats.map((tensorFormat) => {
        const heads = 'heads' in asked ? asked.heads.filter((head) => head < result.size.heads) : null
        return [`${of}, ${name}, ${tensorFormat}`, result, { ...everything, ...asked, heads, tensorFormat }] as const
      }),
    ),
  )

  beforeAll(async () => {
    await useTextThreads(1)
    for (const [name, result, shown] of each) alone.set(name, await textOf(encodeJson(result, shown)))
    await useTextThreads(3)
  })
  afterAll(() => useTextThreads(1))

  it.each(each)('is the text of one thread: %s', async (name, result, shown) => {
    for (const give of [true, false]) {
      const text = await textOf(encodeJson(result, shown), give)
      expect(text === alone.get(name)).toBe(true)
      JSON.parse(text)
    }
  })

  it('uses the threads for large answers, and for no others', async () => {
    expect(await runsGiven(() => textOf(encodeJson(large, everything)))).toBeGreaterThan(5)
    expect(await runsGiven(() => textOf(encodeJson(small, everything)))).toBe(0)
  })

  it('writes several answers at once', async () => {
    const texts = await Promise.all(each.map(([, result, shown], i) => textOf(encodeJson(result, shown), i % 2 === 0)))
    each.forEach(([name], i) => expect(texts[i] === alone.get(name), name).toBe(true))
  })

  it('stops ahead of a reader that stands still, and when the reader goes', async () => {
    const stream = encodeJson(larger, everything) as Readable
    const total = await runsGiven(() => textOf(encodeJson(larger, everything)))
    const given = await runsGiven(async () => {
      await once(stream, 'readable')
      stream.read()
      await setTimeout(100)
    })
    expect(given).toBeGreaterThan(0)
    expect(given).toBeLessThan(total / 2)
    expect(
      await runsGiven(async () => {
        stream.destroy()
        await once(stream, 'close')
        await setTimeout(50)
      }),
    ).toBe(0)
    expect(textThreads().free).toBe(true)
  })
})

describe('a thread that dies', () => {
  const run: Run = { array: line(new Float32Array(20_000).fill(1 / 3)), from: 0, to: 1, brackets: 0, large: true }
  const text = new Array(20_000).fill('0.33333334').join(',')
  /** Throws where it is written. */
  const deadly: Run = { ...run, array: { ...run.array, shape: null as unknown as number[] } }
  let threads: TextThreads
  beforeEach(() => {
    threads = new TextThreads(1)
  })
  afterEach(() => threads.close())

  it('fails what it was given, and the next one is started', async () => {
    expect(threads.free).toBe(false) // it is coming up
    await threads.start()
    expect(threads.free).toBe(true)
    const answers = await Promise.allSettled([threads.write(run), threads.write(deadly)])
    expect(answers).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { message: 'a thread that writes numbers as text ended' } },
    ])
    await threads.start()
    expect((await threads.write(run)).toString()).toBe(text)
  })

  it('ends the answer that it was writing with an error, and what others ask of the next one is written', async () => {
    await threads.start()
    const written = async (...runs: Run[]): Promise<string> => {
      let all = ''
      for await (const piece of pieces(runs.values(), new NumberSink(), threads)) all += piece.toString()
      return all
    }
    await expect(written(run, deadly, run)).rejects.toThrow('a thread that writes numbers as text ended')
    expect(await written(run, run)).toBe(text + text)
  })
})

it('let their process end', async () => {
  const module = new URL('../../src/encoders/text-threads.ts', import.meta.url).href
  const child = spawn(process.execPath, ['-e', `import('${module}').then(({ useTextThreads }) => useTextThreads(2))`], {
    stdio: 'inherit',
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  expect(code).toBe(0)
})
