import embed from 'vega-embed'
import type { VegaLiteSpec } from '../../figures/spec.ts'
import { pageConfig } from './colours.ts'
import { fitted, isHeatmap, markCount } from './fit.ts'

/** More marks than this are drawn on a canvas: as many elements would make the page slow. */
const svgLimit = 1200

/** A drawing is scaled down to the page no further than this; then it scrolls. */
const leastScale = 0.7

export interface Drawn {
  readonly remove: () => void
}

/**
 * Draws a specification into an element. The expressions in it are interpreted (`ast`), not compiled, and no style
 * element is made, so that the page's content security policy holds. `onCell` is told the datum of a clicked mark.
 */
export async function draw(
  element: HTMLElement,
  spec: VegaLiteSpec,
  options: {
    readonly room: number
    readonly dark: boolean
    readonly onCell: ((datum: Readonly<Record<string, unknown>>) => void) | null
  },
): Promise<Drawn> {
  const result = await embed(element, onPage(fitted(spec, options.room), options.dark) as never, {
    mode: 'vega-lite',
    ast: true,
    defaultStyle: false,
    actions: false,
    renderer: markCount(spec) > svgLimit ? 'canvas' : 'svg',
    tooltip: { disableDefaultStyle: true, theme: 'page' } as never,
    hover: false,
  })
  const svg = element.querySelector('svg')
  if (svg !== null) svg.style.minWidth = `${Math.floor(leastScale * svg.width.baseVal.value)}px`
  const { onCell } = options
  if (onCell !== null) {
    result.view.addEventListener('click', (_event, item) => {
      const datum = item?.datum as Readonly<Record<string, unknown>> | undefined
      if (datum !== undefined) onCell(datum)
    })
  }
  return { remove: () => result.finalize() }
}

/** The specification with the page's colours: a specification's own configuration wins over the embedder's. */
function onPage(spec: VegaLiteSpec, dark: boolean): VegaLiteSpec {
  return { ...spec, config: merged((spec.config ?? {}) as Tree, pageConfig(dark, isHeatmap(spec))) } as VegaLiteSpec
}

type Tree = Readonly<Record<string, unknown>>
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

function merged(below: Tree, above: Tree): Tree {
  const entries = Object.entries(above).map(([name, value]) => [
    name,
    isTree(value) && isTree(below[name]) ? merged(below[name], value) : value,
  ])
  return { ...below, ...Object.fromEntries(entries) }
}
