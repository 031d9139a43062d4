import { invalid } from '../../errors.ts'
import type { ProblemSize } from '../../problem/size.ts'

/** Members of a body that say what of the maps is shown, and how rows and keys are called. */
export interface PresentationMembers {
  readonly heads?: readonly number[]
  readonly rows?: readonly number[]
  readonly keys_range?: readonly number[]
  readonly tokens?: readonly string[]
  readonly key_tokens?: readonly string[]
}

/** Holds them against the sizes of the problem. Throws a 400 that names the place. */
export function checkPresentation(body: PresentationMembers, { heads, queries, keys }: ProblemSize): void {
  body.heads?.forEach((head, i) => {
    if (head >= heads) throw invalid(`/heads/${i}`, `must be below the number of heads, ${heads}`)
  })
  const range = (given: readonly number[] | undefined, path: string, count: number, what: string): void => {
    if (given === undefined) return
    const [first, last] = given as [number, number]
    if (last >= count) throw invalid(`${path}/1`, `must be below the number of ${what}, ${count}`)
    if (first > last) throw invalid(`${path}/0`, 'must not be after the last one')
  }
  range(body.rows, '/rows', queries, 'queries')
  range(body.keys_range, '/keys_range', keys, 'keys')
  const labels = (given: readonly string[] | undefined, path: string, count: number, what: string): void => {
    if (given !== undefined && given.length !== count)
      throw invalid(path, `must be ${count} labels, one a ${what}, not ${given.length}`)
  }
  labels(body.tokens, '/tokens', queries, 'query')
  labels(body.key_tokens, '/key_tokens', keys, 'key')
}
