import type { TopLevelSpec } from 'vega-lite'

/** A Vega-Lite 6 specification that holds its own data. */
export type VegaLiteSpec = TopLevelSpec

export const vegaLiteSchema = 'https://vega.github.io/schema/vega-lite/v6.json'

/** The media type of a specification. */
export const vegaLiteMediaType = 'application/vnd.vegalite.v6+json'
