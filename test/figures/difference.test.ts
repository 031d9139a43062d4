import { describe, expect, it } from 'vitest'
import { differenceFigure, withSharedColours } from '../../src/figures/difference.ts'
import type { PlainSelection, VegaLiteSpec } from '../../src/figures/index.ts'
import { toSvg } from '../../src/figures/svg.ts'
import { figureOf, scaledInput } from './results.ts'
import type { Asked } from './results.ts'

type Cells = readonly Readonly<Record<string, number | null>>[]
const cellsOf = (spec: VegaLiteSpec): Cells => (spec as unknown as { data: { values: Cells } }).data.values

const figure = (asked: Asked, plain: PlainSelection = {}): Promise<VegaLiteSpec> => figureOf(plain, asked)

function difference(a: VegaLiteSpec, b: VegaLiteSpec): VegaLiteSpec {
  const result = differenceFigure({ name: 'A', spec: a }, { name: 'B', spec: b })
  if ('incomparable' in result) throw new Error(result.incomparable)
  return result.spec
}

describe('difference of two figures', () => {
  it('is the second minus the first, cell by cell and head by head', async () => {
    const [without, withBias] = await Promise.all([figure({}), figure({ spec: { qkvBias: true } })])
    const cells = cellsOf(difference(without, withBias))
    expect(cells).toHaveLength(2 * 36)
    cells.forEach((cell, at) => {
      const first = cellsOf(without)[at]!,
        second = cellsOf(withBias)[at]!
      expect([cell.head, cell.query, cell.key]).toEqual([first.head, first.query, first.key])
      expect(cell.difference).toBeCloseTo(second.weight! - first.weight!, 6)
    })
  })

  it('averages over heads where their numbers differ', async () => {
    const [two, four] = await Promise.all([figure({}), figure({ spec: { numHeads: 4 } })])
    const spec = difference(two, four)
    const cells = cellsOf(spec)
    expect(cells).toHaveLength(36)
    const mean = (of: VegaLiteSpec, query: number, key: number): number => {
      const values = cellsOf(of)
        .filter((cell) => cell.query === query && cell.key === key)
        .map((cell) => cell.weight!)
      return values.reduce((sum, value) => sum + value, 0) / values.length
    }
    for (const cell of cells)
      expect(cell.difference).toBeCloseTo(mean(four, cell.query!, cell.key!) - mean(two, cell.query!, cell.key!), 5)
    expect(spec.description).toContain('averaged over its heads')
  })

  it('is 0 everywhere between equal figures, and can be drawn', async () => {
    const spec = await figure({
      spec: { kind: 'causal', numHeads: 1, outProj: false },
      tokens: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'],
    })
    const same = difference(spec, spec)
    expect(cellsOf(same).every((cell) => cell.difference === 0)).toBe(true)
    expect(await toSvg(same)).toContain('B minus A')
  })

  it.each(['scores', 'context'] as const)('takes %s too, on colours around 0', async (name) => {
    const [a, b] = await Promise.all([0, 1].map((seed) => figure({ parameters: { seed } }, { figure: name })))
    const spec = difference(a!, b!)
    const extent = Math.max(...cellsOf(spec).map((cell) => Math.abs(cell.difference!)))
    expect(JSON.stringify(spec)).toContain(`"domain":[${-extent},${extent}]`)
    expect(await toSvg(spec)).toContain('<svg')
  })

  it('says why there is none: other positions, other quantities, no heat maps', async () => {
    const [eight, six, scores, statistics] = await Promise.all([
      figure({}),
      figure({ input: scaledInput([1, 6, 20], 1) }),
      figure({}, { figure: 'scores' }),
      figure({}, { figure: 'statistics' }),
    ])
    const reason = (a: VegaLiteSpec, b: VegaLiteSpec) =>
      differenceFigure({ name: 'A', spec: a }, { name: 'B', spec: b })
    expect(reason(eight, six)).toEqual({ incomparable: expect.stringContaining('the same queries') })
    expect(reason(eight, scores)).toEqual({ incomparable: expect.stringContaining('different quantities') })
    expect(reason(statistics, statistics)).toEqual({ incomparable: expect.stringContaining('no heat maps') })
  })
})

describe('shared colours', () => {
  it('give two figures of scores one scale, and leave both\u2019 cells alone', async () => {
    const [a, b] = await Promise.all([0, 1].map((seed) => figure({ parameters: { seed } }, { figure: 'scores' })))
    const shared = withSharedColours([a!, b!])
    const values = [...cellsOf(a!), ...cellsOf(b!)].map((cell) => cell.score!)
    for (const spec of shared)
      expect(JSON.stringify(spec)).toContain(`"domain":[${Math.min(...values)},${Math.max(...values)}]`)
    expect(shared.map(cellsOf)).toEqual([a!, b!].map(cellsOf))
  })
})
