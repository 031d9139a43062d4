import { Ajv } from 'ajv'
import type { ErrorObject, ValidateFunction } from 'ajv'
import type { Static, TSchema } from '@sinclair/typebox'
import { ServiceError } from '../../errors.ts'
import type { ErrorPlace } from '../../errors.ts'
import { pointerToken } from '../read/tensor.ts'
import { validatedPart } from './common.ts'
import { excerptOf } from './excerpt.ts'

/** Nothing is repaired: no coercion, no defaults, no removed keys. Verbose: an error brings the schema, for its words. */
const options = {
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
  strictSchema: false,
  verbose: true,
} as const
/** Ends at the first thing that is wrong, so that a large wrong body costs no more than a right one. */
const first = new Ajv(options)
/** Finds everything that is wrong. */
const every = new Ajv({ ...options, allErrors: true })

/** The two validators of a schema, each of all of it but the parts that are read by hand. */
interface Validators {
  readonly first: ValidateFunction
  every: ValidateFunction | undefined
}
const compiled = new WeakMap<TSchema, Validators>()
const maxPlaces = 20

/** A schema's validator, compiled when it is first asked for. */
export function validatorFor(schema: TSchema): ValidateFunction {
  return validatorsOf(schema).first
}

function validatorsOf(schema: TSchema): Validators {
  let validators = compiled.get(schema)
  if (validators === undefined)
    compiled.set(schema, (validators = { first: first.compile(validatedPart(schema)), every: undefined }))
  return validators
}

/**
 * Throws a 400 that names the wrong places: the first one, and those that the beginning of the body has beside it (the
 * first entries of each array and object), which is all of them where the body is small.
 */
export function validateBody<Schema extends TSchema>(schema: Schema, body: unknown): asserts body is Static<Schema> {
  const validators = validatorsOf(schema)
  if (validators.first(body)) return
  const [...errors] = validators.first.errors!
  validators.every ??= every.compile(validatedPart(schema))
  const excerpt = excerptOf(body)
  if (!validators.every(excerpt.value))
    errors.push(
      ...validators.every.errors!.filter(({ keyword, data }) => keyword !== 'required' || !excerpt.cut.has(data)),
    )
  throw validationError(errors)
}

/** Ajv's errors as places, each naming the key that is missing or unknown. */
function validationError(errors: readonly ErrorObject[]): ServiceError {
  const places: ErrorPlace[] = []
  for (const error of errors) {
    const path = placeOf(error)
    const message = wordsFor(error)
    // A union reports each of its branches and then itself: one place is enough.
    const known = places.find((place) => place.path === path)
    if (known === undefined) places.push({ path, message })
    else if (error.keyword === 'anyOf') known.message = message
    if (places.length === maxPlaces) break
  }
  const first = places[0]!
  const more = places.length > 1 ? ` (and ${places.length - 1} more)` : ''
  return new ServiceError(
    'invalid-request',
    `${first.path === '' ? 'The request' : first.path} ${first.message}${more}`,
    { places },
  )
}

function placeOf(error: ErrorObject): string {
  if (error.keyword === 'required') return `${error.instancePath}/${pointerToken(String(error.params.missingProperty))}`
  if (error.keyword === 'additionalProperties')
    return `${error.instancePath}/${pointerToken(String(error.params.additionalProperty))}`
  return error.instancePath
}

function wordsFor(error: ErrorObject): string {
  switch (error.keyword) {
    case 'required':
      return 'is missing'
    case 'additionalProperties':
      return 'is not known here'
    case 'const':
      return `must be ${JSON.stringify(error.params.allowedValue)}`
    case 'anyOf':
      return `must be one of ${allowed(error)}`
    default:
      return error.message ?? 'is not valid'
  }
}

/** The values of a union of literals. */
function allowed(error: ErrorObject): string {
  const values = ((error.schema ?? []) as { const?: unknown }[])
    .map((branch) => branch.const)
    .filter((value) => value !== undefined)
  return values.length > 0 ? values.join(', ') : 'the known forms'
}
