import { readFileSync, writeFileSync } from 'node:fs'
import { documentsWithTables, withTables } from './docs/tables.ts'

/** `npm run docs`: writes the generated tables of the documents. */
for (const path of documentsWithTables) {
  const file = new URL(`../${path}`, import.meta.url)
  writeFileSync(file, withTables(path, readFileSync(file, 'utf8')))
}
