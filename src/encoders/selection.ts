import type { AttentionRequest } from '../attention/request.ts'

/** The heads and query rows that an answer shows. */
export interface Selection {
  readonly heads: readonly number[]
  /** First row and number of rows. */
  readonly rowStart: number
  readonly rowCount: number
}

/** What a request selects of a result with so many positions. */
export function selectionOf(request: AttentionRequest, seqLen: number): Selection {
  const [first, last] = request.rows ?? [0, seqLen - 1]
  return {
    heads: request.heads ?? Array.from({ length: request.spec.numHeads }, (_, head) => head),
    rowStart: first,
    rowCount: last - first + 1,
  }
}
