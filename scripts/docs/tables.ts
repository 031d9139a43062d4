import { settings } from '../../src/config.ts'
import { catalogue } from '../../src/errors.ts'

interface Shown {
  fallback: (environment: Readonly<Record<string, string>>) => unknown
  shownDefault?: string
  meaning: string
}

function settingsTable(): string {
  const rows = Object.entries(settings as Record<string, Shown>).map(([name, { fallback, shownDefault, meaning }]) => {
    const value = shownDefault ?? asText(fallback({}))
    return `| \`${name}\` | ${value} | ${meaning} |`
  })
  return ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n')
}

function asText(value: unknown): string {
  const text = Array.isArray(value) ? value.join(',') : String(value)
  return text === '' ? '-' : `\`${text}\``
}

function errorTable(): string {
  const rows = Object.entries(catalogue)
    .sort(([, a], [, b]) => a.status - b.status)
    .map(([code, { status, title }]) => `| ${status} | \`${code}\` | ${title} |`)
  return ['| status | code | meaning |', '|---|---|---|', ...rows].join('\n')
}

/** Tables by the document that holds them between marks: `<!-- generated: name -->` and `<!-- end -->`. */
const tables: Readonly<Record<string, { readonly name: string; readonly table: () => string }>> = {
  'docs/settings.md': { name: 'settings', table: settingsTable },
  'docs/errors.md': { name: 'errors', table: errorTable },
}

/** Documents that hold generated tables, as paths from the project's root. */
export const documentsWithTables = Object.keys(tables)

/** A document with its generated table made anew. */
export function withTables(path: string, document: string): string {
  const { name, table } = tables[path]!
  const pattern = new RegExp(`(<!-- generated: ${name} -->\n)[\\s\\S]*?(<!-- end -->)`)
  if (!pattern.test(document)) throw new Error(`${path} has no place for the table of ${name}`)
  return document.replace(pattern, (_, start: string, end: string) => `${start}${table()}\n${end}`)
}
