import type { Presentation } from '../attention/presentation.ts'
import type { ProblemSize } from '../problem/size.ts'

/** The heads, query rows and keys that an answer shows. */
export interface Selection {
  readonly heads: readonly number[]
  /** Heads of the keys and values that these read. */
  readonly keyValueHeads: readonly number[]
  /** First row and number of rows. */
  readonly rowStart: number
  readonly rowCount: number
  /** Of maps: first key and number of keys. */
  readonly keyStart: number
  readonly keyCount: number
}

/** What is to be shown of a result of such a size. */
export function selectionOf({ heads, rows, keys }: Presentation, size: ProblemSize): Selection {
  const [firstRow, lastRow] = rows ?? [0, size.queries - 1]
  const [firstKey, lastKey] = keys ?? [0, size.keys - 1]
  const shown = heads ?? Array.from({ length: size.heads }, (_, head) => head)
  const keyValueHead = (head: number): number => Math.floor((head * size.keyValueHeads) / size.heads)
  return {
    heads: shown,
    keyValueHeads: size.keyValueHeads === size.heads ? shown : [...new Set(shown.map(keyValueHead))],
    rowStart: firstRow,
    rowCount: lastRow - firstRow + 1,
    keyStart: firstKey,
    keyCount: lastKey - firstKey + 1,
  }
}
