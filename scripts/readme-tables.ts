import { settings } from '../src/config.ts'
import { catalogue } from '../src/errors.ts'

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

const tables: Readonly<Record<string, () => string>> = { settings: settingsTable, errors: errorTable }

/** The README with its generated tables made anew; they stand between marks. */
export function readmeWithTables(readme: string): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    const pattern = new RegExp(`(<!-- generated: ${name} -->\n)[\\s\\S]*?(<!-- end -->)`)
    if (!pattern.test(text)) throw new Error(`README.md has no place for the table of ${name}`)
    return text.replace(pattern, (_, start: string, end: string) => `${start}${table()}\n${end}`)
  }, readme)
}
