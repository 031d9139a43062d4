export const tensorFormats = ['nested', 'flat', 'base64'] as const
export type TensorFormat = (typeof tensorFormats)[number]

/** First and last position, both within. */
export type Range = readonly [first: number, last: number]

/** What of a result an answer shows, and how. */
export interface Presentation {
  /** Heads to return, or null for all. */
  readonly heads: readonly number[] | null
  /** Query rows to return, or null for all. */
  readonly rows: Range | null
  /** Keys of maps to return, or null for all. */
  readonly keys: Range | null
  readonly tensorFormat: TensorFormat
  /** Labels of the queries, one a position. */
  readonly tokens: readonly string[] | null
  /** Labels of the keys: the same array where queries and keys are the same positions. */
  readonly keyTokens: readonly string[] | null
}

/** Everything, as it comes. */
export const everything: Presentation = {
  heads: null,
  rows: null,
  keys: null,
  tensorFormat: 'nested',
  tokens: null,
  keyTokens: null,
}
