import { readFileSync, writeFileSync } from 'node:fs'
import { compile } from 'vega-lite'
import { describe, expect, it } from 'vitest'
import { figureByteLimit } from '../../src/figures/pooling.ts'
import { toPng, toSvg } from '../../src/figures/index.ts'
import type { VegaLiteSpec } from '../../src/figures/index.ts'
import { gallery } from './gallery.ts'

/**
 * `UPDATE_GOLDEN=1 npx vitest run test/figures` writes the specifications anew; look at the pictures before committing.
 */
const update = process.env.UPDATE_GOLDEN === '1'

/** Numbers to four significant digits: a golden holds the figure, not the last bit of an engine. */
function rounded(spec: unknown): unknown {
  return JSON.parse(
    JSON.stringify(spec, (_, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value)),
  )
}

/** JSON of which whatever fits stands on one line, so that goldens are small and a difference can be read. */
function packed(value: unknown, indent = ''): string {
  const line = JSON.stringify(value)
  if (line.length + indent.length <= 160 || typeof value !== 'object' || value === null) return line
  const inner = `${indent} `
  const parts = Array.isArray(value)
    ? value.map((one) => packed(one, inner))
    : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}:${packed(one, inner)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`
}

/** The theme is the same everywhere and left out. */
function golden(spec: VegaLiteSpec): string {
  const { config: _theme, ...rest } = rounded(spec) as Record<string, unknown>
  return `${packed(rest)}\n`
}

describe.each(gallery)('$name', ({ name, golden: kept, spec }) => {
  it('draws without a complaint from Vega-Lite, within the limit, with a title and an alternative text', async () => {
    const drawn = await spec()
    const complaints: unknown[] = []
    const listen = (...said: readonly unknown[]) => {
      complaints.push(...said)
      return logger
    }
    const logger = {
      level: () => logger,
      error: listen,
      warn: listen,
      info: () => logger,
      debug: () => logger,
    } as never
    compile(drawn, { logger })
    expect(complaints).toEqual([])

    const svg = await toSvg(drawn)
    expect(svg.length).toBeLessThan(1.5 * figureByteLimit)
    expect(svg).toMatch(/^<svg role="img" aria-label="[^"]{40,}"/)
    expect(svg).not.toMatch(/NaN|undefined|>null</)
    expect((drawn.title as { text: string[] }).text.join(' ')).not.toBe('')
    expect(drawn.description).not.toMatch(/NaN|undefined|null[^,.]/)

    const png = await toPng(svg)
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect(png.readUInt32BE(16)).toBe(2 * Math.ceil(Number(/ width="([\d.]+)"/.exec(svg)![1])))
  })

  if (kept)
    it('is the specification that was looked at', async () => {
      const file = new URL(`./golden/${name}.vl.json`, import.meta.url)
      const text = golden(await spec())
      if (update) writeFileSync(file, text)
      expect(text).toBe(readFileSync(file, 'utf8'))
    })
})
