import type { AttentionMaps } from '../../src/tensor/attention-maps.ts'

/** What row statistics hold of each row. */
export const rowColumns = [
  'entropy',
  'maxWeight',
  'distance',
  'previousToken',
  'firstToken',
  'diagonal',
  'sum',
] as const

/** Every row's visible part, as plain numbers. */
export function* rowsOf(maps: AttentionMaps): Generator<number[]> {
  for (let item = 0; item < maps.batch; item++) {
    for (let head = 0; head < maps.heads; head++) {
      for (let query = 0; query < maps.queries; query++) yield [...maps.row(item, head, query)]
    }
  }
}
