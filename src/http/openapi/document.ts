import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { version } from '../../version.ts'
import type { AppPart } from '../app.ts'
import { readByHand } from '../schemas/common.ts'
import type { RouteExample } from './examples.ts'

type Json = Record<string, unknown>

const description = `Attention computations over HTTP: the three classes of chapter 3 of *LLMs from Scratch*, seed for seed what PyTorch computes, and two experiments that answer a study's questions with evidence.

Every answer names its engine. Every error is a problem document (RFC 9457) whose \`code\` is stable.`

/** Collects the schemas of the routes that are added after it. */
export const collectRoutes: AppPart = async (app) => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'attention-service', version, description, license: { name: 'MIT', identifier: 'MIT' } },
      tags: [
        { name: 'attention', description: 'Compute one model on one input.' },
        { name: 'experiments', description: "The source study's two questions, with many seeds." },
        { name: 'jobs', description: 'Long experiments.' },
        { name: 'service', description: 'Health, engines, metrics.' },
      ],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'One of API_KEYS, where the service has keys.' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The same in a header of its own.' },
        },
      },
      servers: [{ url: '/', description: 'Where this document was found.' }],
      security: [{}, { bearer: [] }, { apiKey: [] }],
    },
  })
}

/** The document of an app whose routes were collected, with `examples` run on it. */
export async function openapiDocument(app: FastifyInstance, examples: readonly RouteExample[]): Promise<Json> {
  await app.ready()
  // What is left after a round through JSON is what YAML can hold.
  const document = JSON.parse(JSON.stringify((app as unknown as { swagger(): Json }).swagger())) as Json
  separateLists(document)
  for (const example of examples) await addExample(app, document, example)
  const schemas = ((document.components as Json).schemas = {} as Json)
  const tidy = shareSchemas(document, schemas) as Json
  ;(tidy.components as Json).schemas = Object.fromEntries(
    Object.entries(schemas).sort(([a], [b]) => a.localeCompare(b)),
  )
  showBodies(tidy)
  return tidy
}

/**
 * Postman, left to itself, makes bodies of schemas and not of examples: each body's first example is its schema's
 * `default`, which is what it takes from one.
 */
function showBodies(document: Json): void {
  for (const path of Object.values(document.paths as Record<string, Json>)) {
    for (const { requestBody } of Object.values(path) as Json[]) {
      if (requestBody === undefined) continue
      const { schema, examples } = at(requestBody as Json, 'content', 'application/json')
      const { $ref } = schema as { $ref?: string }
      if ($ref === undefined || examples === undefined) continue
      const [first] = Object.values(examples as Record<string, Json>)
      at(document, 'components', 'schemas', $ref.split('/').at(-1)!).default = first!.value
    }
  }
}

async function addExample(app: FastifyInstance, document: Json, example: RouteExample): Promise<void> {
  const operation = at(document, 'paths', example.path, example.method.toLowerCase())
  const answer = await app.inject({
    method: example.method,
    url: example.path,
    query: example.query,
    payload: example.body as object | undefined,
  })
  if (answer.statusCode !== 200)
    throw new Error(`the example ${example.name} of ${example.path} does not run: ${answer.body}`)
  const put = (media: Json, value: unknown): void => {
    media.examples = { ...(media.examples as Json | undefined), [example.name]: { summary: example.summary, value } }
  }
  put(at(operation, 'responses', '200', 'content', 'application/json'), answer.json())
  if (example.body !== undefined) put(at(operation, 'requestBody', 'content', 'application/json'), example.body)
  for (const parameter of example.query === undefined ? [] : (operation.parameters as Json[])) {
    const value = example.query![parameter.name as string]
    if (value !== undefined) parameter.example = valueOf(value, parameter.schema as Json)
  }
}

/** A query parameter's text as the value that its schema describes. */
function valueOf(text: string, { type, items }: Json): unknown {
  if (type === 'array') return text.split(',').map((item) => valueOf(item, items as Json))
  return type === 'integer' || type === 'number' || type === 'boolean' ? JSON.parse(text) : text
}

/** Lists in a query are comma-separated. */
function separateLists(document: Json): void {
  for (const path of Object.values(document.paths as Record<string, Json>)) {
    for (const { parameters } of Object.values(path) as Json[]) {
      for (const parameter of (parameters ?? []) as Json[])
        if ((parameter.schema as Json).type === 'array') Object.assign(parameter, { style: 'form', explode: false })
    }
  }
}

function at(from: Json, ...path: string[]): Json {
  return path.reduce<Json>((node, key) => {
    const next = node[key] as Json | undefined
    if (next === undefined) throw new Error(`the document has no ${path.join('/')}`)
    return next
  }, from)
}

/**
 * Schemas with a title go to components once; our own marks are dropped, and defaults are told in words. `named`: the
 * node's keys are names that the document gives, not words of JSON Schema.
 */
function shareSchemas(node: unknown, schemas: Json, named = false): unknown {
  if (Array.isArray(node)) return node.map((child) => shareSchemas(child, schemas))
  if (node === null || typeof node !== 'object') return node
  const copy: Json = {}
  for (const [key, value] of Object.entries(named ? node : withDefaultInWords(node as Json))) {
    if (key === readByHand) continue
    // An example is a value, not a schema: a `title` in it means something else.
    const isValue = !named && (key === 'examples' || key === 'example')
    copy[key] = isValue ? value : shareSchemas(value, schemas, !named && key === 'properties')
  }
  if (named) return copy
  const choices = enumOf(copy)
  if (choices !== null) return choices
  const isSchema =
    typeof copy.title === 'string' && /^[A-Z][A-Za-z]+$/.test(copy.title) && ('type' in copy || 'anyOf' in copy)
  if (!isSchema) return copy
  const { title, ...schema } = copy
  schemas[title as string] = schema
  return { $ref: `#/components/schemas/${title as string}` }
}

/**
 * A schema whose default stands in its description. Generators take `default` for more than it says: openapi-typescript
 * makes the member required, and clients in Python send it, which contradicts what it does not go with.
 */
function withDefaultInWords({ default: value, ...schema }: Json): Json {
  if (value === undefined) return schema
  const words = `Default: ${typeof value === 'string' ? value : JSON.stringify(value)}.`
  const { description } = schema
  return { ...schema, description: typeof description === 'string' ? `${description} ${words}` : words }
}

/** A union of constant strings, as the one enum that it is. */
function enumOf({ anyOf, ...rest }: Json): Json | null {
  const branches = anyOf as { type?: string; enum?: unknown[] }[] | undefined
  if (
    branches === undefined ||
    branches.length < 2 ||
    !branches.every((branch) => branch.type === 'string' && branch.enum?.length === 1)
  )
    return null
  return { type: 'string', enum: branches.map((branch) => branch.enum![0]), ...rest }
}
