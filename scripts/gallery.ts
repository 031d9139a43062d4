/**
 * Writes every figure of the gallery to build/gallery, as specification, SVG and PNG, and an index.html to look at
 * them.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { toPng, toSvg } from '../src/figures/index.ts'
import { gallery } from '../test/figures/gallery.ts'

const folder = new URL('../build/gallery/', import.meta.url)
const only = process.argv.slice(2)

await mkdir(folder, { recursive: true })
const names: string[] = []
for (const figure of gallery) {
  if (only.length > 0 && !only.some((part) => figure.name.includes(part))) continue
  const spec = await figure.spec()
  const start = performance.now()
  const svg = await toSvg(spec)
  const drawn = performance.now()
  const png = await toPng(svg)
  const done = performance.now()
  const json = JSON.stringify(spec)
  await Promise.all([
    writeFile(new URL(`${figure.name}.vl.json`, folder), json),
    writeFile(new URL(`${figure.name}.svg`, folder), svg),
    writeFile(new URL(`${figure.name}.png`, folder), png),
  ])
  names.push(figure.name)
  const kib = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`
  console.log(
    `${figure.name}: specification ${kib(json.length)}, SVG ${kib(Buffer.byteLength(svg))} in ${Math.round(drawn - start)} ms, PNG ${kib(png.length)} in ${Math.round(done - drawn)} ms`,
  )
}
const page = names.map((name) => `<h2>${name}</h2><img src="${name}.svg" alt="${name}">`).join('\n')
await writeFile(new URL('index.html', folder), `<!doctype html><meta charset="utf-8"><title>Figures</title>\n${page}\n`)
