export interface NextToken {
  readonly id: number
  readonly text: string
  readonly probability: number
}

/** The likeliest tokens by their logits, descending; equal ones by id. */
export function nextTokens(logits: Float32Array, count: number, textOf: (id: number) => string): NextToken[] {
  const greatest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity)
  let sum = 0
  for (const logit of logits) sum += Math.exp(logit - greatest)
  return likeliest(logits, count).map((id) => ({
    id,
    text: textOf(id),
    probability: Math.exp(logits[id]! - greatest) / sum,
  }))
}

/** Indices of the largest values. */
function likeliest(values: Float32Array, count: number): number[] {
  const best: number[] = []
  for (const [index, value] of values.entries()) {
    if (best.length === count && !(value > values[best.at(-1)!]!)) continue
    let at = best.length
    while (at > 0 && value > values[best[at - 1]!]!) at--
    best.splice(at, 0, index)
    if (best.length > count) best.pop()
  }
  return best
}
