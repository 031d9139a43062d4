import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { attentionFigure, parseFigureSelection, toSvg } from '../../src/figures/index.ts'
import type { PlainSelection, VegaLiteSpec } from '../../src/figures/index.ts'
import { everything } from '../../src/attention/presentation.ts'
import { figureOf, resultOf, scaledInput } from './results.ts'

type Row = Record<string, number | string | null>
const rowsOf = (spec: VegaLiteSpec): Row[] => (spec as unknown as { data: { values: Row[] } }).data.values
const titleOf = (spec: VegaLiteSpec): string => (spec.title as { text: string[] }).text.join(' ')
const draw = figureOf

/** Every scale with a colour scheme, wherever it stands in the specification. */
function colourScales(node: unknown): { scheme: string; domain: number[] }[] {
  if (typeof node !== 'object' || node === null) return []
  const here = 'scheme' in node && 'domain' in node ? [node as { scheme: string; domain: number[] }] : []
  return [...here, ...Object.values(node).flatMap(colourScales)]
}

describe('the weights figure', () => {
  it('holds every visible weight as the float32 it is, and no masked one', async () => {
    const result = await resultOf()
    const rows = rowsOf(attentionFigure(result, parseFigureSelection({ item: '3' }), everything))
    expect(rows.length).toBe(2 * 36)
    for (const { head, query, key, weight } of rows) {
      expect(key as number).toBeLessThanOrEqual(query as number)
      expect(Math.fround(weight as number)).toBe(
        result.output.weights!.row(3, head as number, query as number)[key as number],
      )
    }
  })

  it('keeps its colours to 0..1 whatever the weights', async () => {
    for (const scale of [0, 1, 50])
      expect(colourScales(await draw({}, { input: scaledInput([1, 4, 20], scale) }))).toMatchObject([
        { domain: [0, 1], scheme: 'viridis' },
      ])
  })

  it('keeps positions with the same token apart', async () => {
    const spec = await draw({ head: '0' }, { tokens: Array<string>(8).fill('one') })
    expect(new Set(rowsOf(spec).map(({ query }) => query)).size).toBe(8)
    expect((await toSvg(spec)).match(/>one</g)?.length).toBe(16)
  })

  it('prints tokens as text, never as markup or as an expression', async () => {
    const svg = await toSvg(
      await draw({ head: '0' }, { tokens: ['<script>', '"]+x[', '&amp;', '\u0000', '\ud800', ']]>', '${7}', "'"] }),
    )
    expect(svg).toContain('&lt;script&gt;')
    expect(svg).toContain('&amp;amp;')
    expect(svg).not.toContain('<script')
    expect(svg.isWellFormed()).toBe(true)
    expect(svg).not.toMatch(/[\u0000-\u0008]/)
  })

  it('names the head, the window and the pooling in its title', async () => {
    expect(titleOf(await draw({}))).toBe('Attention weights, 2 heads')
    expect(titleOf(await draw({ head: '1', rows: '2-5', keys: '1-3' }))).toBe(
      'Attention weights, head 1 of 2, queries 2\u20135 of 8, keys 1\u20133 of 8',
    )
    expect(
      titleOf(await draw({}, { spec: { contextLength: 400 }, input: { randn: [1, 400, 20], seed: 1, advance: 0 } })),
    ).toBe('Attention weights, 2 heads, max-pooled 3 \u00d7 3')
  })

  it('prints numbers in the cells only while they fit', async () => {
    const printed = async (seqLen: number) =>
      (
        await toSvg(
          await draw({}, { spec: { contextLength: seqLen }, input: { randn: [1, seqLen, 20], seed: 1, advance: 0 } }),
        )
      ).includes('>1.00<')
    expect(await printed(12)).toBe(true)
    expect(await printed(30)).toBe(false)
  })

  it('shows heads in the order they were asked for', async () => {
    const svg = await toSvg(await draw({ head: '2,0' }, { spec: { numHeads: 4 } }))
    expect(svg.match(/(?<=>)head \d(?=<)/g)).toEqual(['head 2', 'head 0'])
  })

  it('says that weights are shown before dropout in train mode', async () => {
    expect(titleOf(await draw({}, { mode: 'train', spec: { dropout: 0.5 } }))).toContain('before dropout')
  })
})

describe('the other figures', () => {
  it('context: every value of the item, coloured evenly around 0', async () => {
    const result = await resultOf()
    const spec = attentionFigure(
      result,
      parseFigureSelection({ figure: 'context', item: '2', rows: '1-3' }),
      everything,
    )
    const rows = rowsOf(spec)
    expect(rows.length).toBe(3 * 16)
    for (const { position, dimension, value } of rows)
      expect(Math.fround(value as number)).toBe(
        result.output.context.data[(2 * 8 + (position as number)) * 16 + (dimension as number)],
      )
    const { domain } = colourScales(spec)[0]!
    expect(domain[0]).toBe(-domain[1]!)
    expect(domain[1]).toBe(Math.max(...rows.map(({ value }) => Math.abs(value as number))))
  })

  it('scores: from the least to the greatest that is shown', async () => {
    const spec = await draw({ figure: 'scores' })
    const values = rowsOf(spec).map(({ score }) => score as number)
    expect(colourScales(spec)[0]!.domain).toEqual([Math.min(...values), Math.max(...values)])
  })

  it("statistics: the batch's average by default, one item on request, each beside the uniform value", async () => {
    const result = await resultOf()
    const row = (plain: PlainSelection) =>
      rowsOf(attentionFigure(result, parseFigureSelection({ figure: 'statistics', ...plain }), everything)).find(
        ({ statistic, head }) => statistic === 'normalized_entropy' && head === 1,
      )!
    expect(row({}).value).toBeCloseTo(result.summary!.weights.normalizedEntropy[1]!, 6)
    expect(row({}).uniform).toBe(1)
    const items = [0, 1, 2, 3, 4].map((item) => row({ item }).value as number)
    expect(items.reduce((a, b) => a + b) / 5).toBeCloseTo(row({}).value as number, 6)
    expect(new Set(items).size).toBe(5)
  })

  it('similarity: the chosen heads against each other, in their order', async () => {
    const result = await resultOf({ spec: { numHeads: 4 } })
    const spec = attentionFigure(
      result,
      parseFigureSelection({ figure: 'similarity', head: '3,1' }),
      everything,
    ) as unknown as {
      hconcat: { data: { values: Row[] } }[]
    }
    const js = spec.hconcat[2]!.data.values
    expect(js.length).toBe(4)
    expect(Math.fround(js[1]!.js_divergence as number)).toBe(result.similarity!.jsDivergence.data[3 * 4 + 1])
  })

  it('a value that is not finite is marked as such and breaks nothing', async () => {
    const result = await resultOf({ input: { randn: [1, 3, 20], seed: 1, advance: 0 } })
    result.output.context.data[4] = NaN
    result.output.context.data[5] = Infinity
    const svg = await toSvg(attentionFigure(result, parseFigureSelection({ figure: 'context' }), everything))
    expect(svg.match(/>\u2013</g)?.length).toBe(2)
    expect(svg).not.toMatch(/NaN|Infinity/)
  })
})

describe('an SVG', () => {
  it('costs a process nothing until the first is asked for', () => {
    const script = `
      import { registerHooks } from 'node:module'
      registerHooks({ resolve(specifier, context, next) { if (/vega|resvg/.test(specifier)) console.log(specifier); return next(specifier, context) } })
      await import(${JSON.stringify(new URL('../../src/figures/index.ts', import.meta.url).href)})
      console.log('imported')`
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })).toBe(
      'imported\n',
    )
  })

  it('is the same every time, also when many are drawn at once', async () => {
    const spec = await draw({})
    const once = await toSvg(spec)
    const atOnce = await Promise.all(Array.from({ length: 5 }, () => toSvg(spec)))
    expect(atOnce.map((svg) => svg === once)).toEqual([true, true, true, true, true])
  })
})
