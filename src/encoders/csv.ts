import { stringify } from 'csv-stringify/sync'

const recordsAtOnce = 500

/**
 * RFC 4180: a header line, lines that end in CRLF, fields quoted where they must be; null is an empty field, a number
 * has the fewest digits that read back as the same number. In pieces, so that a long table is never one string.
 */
export function* encodeCsv(
  header: readonly string[],
  records: Iterable<readonly (string | number | null)[]>,
): Generator<Buffer> {
  let waiting: (readonly (string | number | null)[])[] = [header]
  const text = (): Buffer =>
    Buffer.from(stringify(waiting as (string | number | null)[][], { record_delimiter: '\r\n' }))
  for (const record of records) {
    waiting.push(record)
    if (waiting.length < recordsAtOnce) continue
    yield text()
    waiting = []
  }
  if (waiting.length > 0) yield text()
}
