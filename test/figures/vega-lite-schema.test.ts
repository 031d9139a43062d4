import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { pythonWith, runPython } from '../support/python.ts'
import { absent } from '../support/skip.ts'
import { gallery } from './gallery.ts'

const require = createRequire(import.meta.url)
const schema = require('vega-lite/vega-lite-schema.json') as { $schema: string }
const altair = pythonWith('altair')

/** Every specification of the gallery, as a client gets it. */
const specs = async (): Promise<Record<string, unknown>> =>
  Object.fromEntries(
    await Promise.all(
      gallery.map(async ({ name, spec }) => [name, JSON.parse(JSON.stringify(await spec())) as unknown] as const),
    ),
  )

describe('the figures of the gallery', () => {
  it("are what Vega-Lite's own schema allows", async () => {
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema)
    for (const [name, spec] of Object.entries(await specs())) {
      validate(spec)
      expect(validate.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`) ?? [], name).toEqual([])
      expect((spec as typeof schema).$schema).toBe('https://vega.github.io/schema/vega-lite/v6.json')
    }
    const wrong = { ...(Object.values(await specs())[0] as object), width: [] }
    expect(validate(wrong)).toBe(false)
  }, 60_000)

  it.skipIf(absent(altair === null, 'Altair (pip install -r test/requirements.txt)'))(
    'are read by Altair, which gives back as many charts',
    async () => {
      const script = `
import json, sys, altair
for name, spec in json.load(sys.stdin).items():
    chart = altair.Chart.from_dict(spec)
    print(name, type(chart).__name__ if chart.to_dict() else None)
`
      // Altair looks at every row several times; a few say as much of a specification as all.
      const given = JSON.parse(
        JSON.stringify(await specs(), (key, value: unknown) =>
          key === 'values' && Array.isArray(value) ? value.slice(0, 30) : value,
        ),
      ) as Record<string, unknown>
      const lines = runPython(altair!, script, JSON.stringify(given)).trim().split('\n')
      expect(lines.map((line) => line.split(' ')[0])).toEqual(Object.keys(given))
      for (const line of lines)
        expect(line).toMatch(/ (Chart|LayerChart|FacetChart|HConcatChart|VConcatChart|ConcatChart)$/)
    },
    120_000,
  )
})
