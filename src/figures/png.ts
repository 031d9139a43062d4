import { createRequire } from 'node:module'

/** Pixels of the picture for one of the SVG's, so that it is sharp on the screens of today. */
const scale = 2

/** A picture of more pixels is printed at a smaller scale: 64 MB while it is drawn. */
const mostPixels = 16e6

const { resolve } = createRequire(import.meta.url)

/**
 * DejaVu Sans (Latin, Greek, Cyrillic, Hebrew, Arabic, symbols) and Noto Emoji, both free, the same on every machine.
 * Neither has Chinese, Japanese or Korean, whose fonts are tens of megabytes: a PNG prints boxes there, an SVG does
 * not.
 */
const fonts = [
  'dejavu-fonts-ttf/ttf/DejaVuSans.ttf',
  'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf',
  '@expo-google-fonts/noto-emoji/400Regular/NotoEmoji_400Regular.ttf',
]

/** Turns an SVG of Vega's into PNG, twice its size, off the event loop. No font of the machine's is read. */
export async function toPng(svg: string): Promise<Buffer> {
  const { renderAsync } = await import('@resvg/resvg-js')
  const image = await renderAsync(svg, {
    fitTo: { mode: 'zoom', value: Math.min(scale, Math.sqrt(mostPixels / area(svg))) },
    font: {
      loadSystemFonts: false,
      fontFiles: fonts.map((font) => resolve(font)),
      defaultFontFamily: 'DejaVu Sans',
      sansSerifFamily: 'DejaVu Sans',
    },
  })
  return image.asPng()
}

/** Pixels of an SVG, from its first tag. */
function area(svg: string): number {
  const [, width, height] = /^<svg [^>]* width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? []
  return Number(width ?? 1) * Number(height ?? 1)
}
