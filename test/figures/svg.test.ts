import { describe, expect, it } from 'vitest'
import { toSvg } from '../../src/figures/index.ts'
import { figureOf } from './results.ts'
import { gallery } from './gallery.ts'

const idsOf = (svg: string): string[] => [...svg.matchAll(/<[^<>]* id="([^"]*)"/g)].map(([, id]) => id!)
const usesOf = (svg: string): string[] => [
  ...[...svg.matchAll(/<[^<>]*="url\(#([^")]*)\)"/g)].map(([, id]) => id!),
  ...[...svg.matchAll(/<[^<>]* (?:xlink:)?href="#([^"]*)"/g)].map(([, id]) => id!),
]

describe('the ids of a drawing', () => {
  it('are those that it uses, and no other drawing of the gallery has them', async () => {
    const owners = new Map<string, string>()
    let drawingsWithIds = 0
    for (const { name, spec } of gallery) {
      const svg = await toSvg(await spec())
      const ids = idsOf(svg)
      expect(new Set(ids).size, name).toBe(ids.length)
      for (const id of usesOf(svg)) expect(ids, name).toContain(id)
      for (const id of ids) {
        expect(owners.get(id), id).toBeUndefined()
        owners.set(id, name)
        expect(id).toMatch(/^[A-Za-z][\w-]*$/)
      }
      if (ids.length > 0) drawingsWithIds++
    }
    expect(drawingsWithIds).toBeGreaterThan(10)
  })

  it('are the same in equal drawings, at once or one after the other', async () => {
    const draw = async () => toSvg(await figureOf({ head: '0' }))
    const [first, second] = await Promise.all([draw(), draw()])
    expect(second).toBe(first)
    expect(await draw()).toBe(first)
    expect(idsOf(first!).length).toBeGreaterThan(0)
  })

  it('differ between figures of different numbers', async () => {
    const [a, b] = [await toSvg(await figureOf({ head: '0' })), await toSvg(await figureOf({ head: '1' }))]
    expect(idsOf(a).filter((id) => idsOf(b).includes(id))).toEqual([])
  })

  it('leave what texts say of ids as it is', async () => {
    const tokens = ['a id="x"', 'url(#x)', 'a fill="url(#', 'a href="#x"', ...'abcd']
    const svg = await toSvg(await figureOf({ head: '0' }, { tokens }))
    for (const token of tokens) expect(svg).toContain(`>${token}</text>`)
    expect(svg).not.toMatch(/f[0-9a-f]{16}-[^"<>]*<\/text>/)
    expect(/aria-label="([^"]*)"/.exec(svg)![1]).not.toMatch(/f[0-9a-f]{16}-/)
  })
})
