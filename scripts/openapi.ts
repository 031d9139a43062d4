import { writeFileSync } from 'node:fs'
import { openapiYaml } from './openapi-yaml.ts'

/** `npm run openapi`: writes openapi.yaml from the schemas of the routes. */
writeFileSync(new URL('../openapi.yaml', import.meta.url), await openapiYaml())
