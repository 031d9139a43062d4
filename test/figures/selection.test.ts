import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../src/errors.ts'
import { figureNames, figureNeeds, parseFigureSelection } from '../../src/figures/index.ts'
import type { PlainSelection } from '../../src/figures/index.ts'
import { checked } from './results.ts'
import type { Asked } from './results.ts'

/** The path that the refusal names, or the error's code where it names none. */
function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return error.places[0]?.path ?? error.code
  }
  return 'accepted'
}

describe('reading a selection', () => {
  it('takes weights and everything when nothing is said', () => {
    expect(parseFigureSelection({})).toEqual({ figure: 'weights', heads: null, item: null, rows: null, keys: null })
  })

  it('reads heads, item, rows and keys, as text or, for single numbers, as numbers', () => {
    expect(parseFigureSelection({ head: '0,2', item: '1', rows: '0-31', keys: '4-4' })).toEqual({
      figure: 'weights',
      heads: [0, 2],
      item: 1,
      rows: [0, 31],
      keys: [4, 4],
    })
    expect(parseFigureSelection({ figure: 'similarity', head: '3,1', item: 2 })).toMatchObject({
      heads: [3, 1],
      item: 2,
    })
    expect(parseFigureSelection({ head: 1 })).toMatchObject({ heads: [1] })
  })

  it.each<[PlainSelection, string]>([
    [{ figure: 'heatmap' }, '/figure'],
    [{ figure: null }, 'accepted'],
    [{ figure: ['weights'] }, '/figure'],
    [{ head: '' }, '/head'],
    [{ head: '0,' }, '/head'],
    [{ head: '0,0' }, '/head'],
    [{ head: '-1' }, '/head'],
    [{ head: '1.5' }, '/head'],
    [{ head: ['0', '0'] }, '/head'],
    [{ head: ['0,1'] }, '/head'],
    [{ head: [] }, '/head'],
    [{ head: '1e1' }, '/head'],
    [{ head: null }, '/head'],
    [{ item: '' }, '/item'],
    [{ item: '-1' }, '/item'],
    [{ item: 0.5 }, '/item'],
    [{ item: NaN }, '/item'],
    [{ item: '0,1' }, '/item'],
    [{ rows: '5' }, '/rows'],
    [{ rows: '3-1' }, '/rows'],
    [{ rows: '-3' }, '/rows'],
    [{ rows: '0-' }, '/rows'],
    [{ rows: [0, 3] }, '/rows'],
    [{ keys: 'all' }, '/keys'],
    [{ figure: 'context', head: '0' }, '/head'],
    [{ figure: 'context', keys: '0-1' }, '/keys'],
    [{ figure: 'statistics', rows: '0-1' }, '/rows'],
    [{ figure: 'similarity', keys: '0-1' }, '/keys'],
  ])('%j: %s', (plain, expected) => {
    expect(refusal(() => parseFigureSelection(plain))).toBe(expected)
  })
})

describe('holding a selection against a request', () => {
  const check = (plain: PlainSelection, more: Asked = {}): string => refusal(() => checked(plain, more))
  const long = {
    spec: { contextLength: 4096, numHeads: 2 },
    input: { randn: [1, 4096, 20], seed: 42, advance: 0 },
  } as const

  it.each<[PlainSelection, string]>([
    [{ head: '2' }, '/head'],
    [{ item: '5' }, '/item'],
    [{ rows: '0-8' }, '/rows'],
    [{ keys: '0-8' }, '/keys'],
    [{ rows: '0-3', keys: '4-7' }, '/keys'],
    [{ figure: 'similarity', head: '1' }, '/head'],
    [{ rows: '0-7', keys: '7-7' }, 'accepted'],
    [{ head: '1', item: '4' }, 'accepted'],
  ])('%j: %s', (plain, expected) => {
    expect(check(plain)).toBe(expected)
  })

  it('refuses the similarity of one head', () => {
    expect(check({ figure: 'similarity' }, { spec: { kind: 'causal', numHeads: 1, outProj: false } })).toBe('/figure')
  })

  it('shows what the other choice can see when only rows or only keys are chosen', () => {
    expect(checked({ rows: '2-4' })).toMatchObject({ rows: [2, 4], keys: [0, 4] })
    expect(checked({ keys: '3-5' })).toMatchObject({ rows: [3, 7], keys: [3, 5] })
  })

  it("goes by the request's own heads and rows where the figure says nothing", () => {
    const own: Asked = { heads: [1], rows: [4, 6] }
    expect(checked({}, own)).toMatchObject({ heads: [1], rows: [4, 6] })
    expect(checked({ head: '0', rows: '1-2' }, own)).toMatchObject({
      heads: [0],
      rows: [1, 2],
    })
    expect(checked({ figure: 'context' }, own)).toMatchObject({ rows: [4, 6] })
  })

  it('pools a long sequence rather than refuse it', () => {
    for (const figure of ['weights', 'scores', 'context']) expect(check({ figure }, long)).toBe('accepted')
  })

  it('refuses more heads than can be told apart, with the number that could be', () => {
    const many = { spec: { dIn: 128, dOut: 128, numHeads: 128 } }
    for (const figure of ['weights', 'scores', 'statistics', 'similarity'])
      expect(check({ figure }, many)).toBe('figure-too-large')
    expect(check({ figure: 'context' }, many)).toBe('accepted')
    try {
      checked({}, many)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ status: 413, extra: { heads: 128, limit_heads: 96 } })
    }
  })

  it('names a part of the result for every figure', () => {
    for (const figure of figureNames) expect(figureNeeds(figure).length).toBeGreaterThan(0)
    expect(figureNeeds('statistics')).toEqual(['summary'])
  })
})
