import { readFileSync, writeFileSync } from 'node:fs'
import { readmeWithTables } from './readme-tables.ts'

/** `npm run readme`: writes the README's generated tables. */
const file = new URL('../README.md', import.meta.url)
writeFileSync(file, readmeWithTables(readFileSync(file, 'utf8')))
