import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const root = new URL('../', import.meta.url)
const layers = JSON.parse(readFileSync(new URL('src/layers.json', root), 'utf8')) as Record<string, string[]>

it('src/README.md says of each folder what the lint lets it know', () => {
  const map = readFileSync(new URL('src/README.md', root), 'utf8')
  const rows = [...map.matchAll(/^\| `([a-z-]+)\/` \|.*\| ([^|]*) \|$/gm)]
  const said = Object.fromEntries(rows.map(([, folder, known]) => [folder, known]))
  for (const [folder, known] of Object.entries(layers))
    expect(said[folder], folder).toBe(known.map((name) => `\`${name}\``).join(', ') || 'nothing')
  expect(Object.keys(said).sort()).toEqual(Object.keys(layers).sort())
})

it('has a row for every folder', () => {
  const folders = readdirSync(new URL('src/', root), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(Object.keys(layers).sort()).toEqual(folders.map(({ name }) => name).sort())
})
