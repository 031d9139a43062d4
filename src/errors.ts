/**
 * The one catalogue of errors: every `code` a client can meet, its HTTP status and title.
 * docs/errors.md and openapi.yaml are generated from it; a test holds the three together.
 */
export const catalogue = {
  'invalid-json': { status: 400, title: 'The body is not valid JSON' },
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'engine-not-enabled': { status: 400, title: 'The engine is not enabled on this service' },
  unauthorized: { status: 401, title: 'An API key is needed' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'not-acceptable': { status: 406, title: 'None of the accepted media types can be produced' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'job-not-finished': { status: 409, title: 'The job has not finished' },
  'job-cancelled': { status: 409, title: 'The job was cancelled' },
  'job-ended': { status: 409, title: 'The job has already ended' },
  'model-unsupported': { status: 409, title: 'The model cannot be computed with' },
  'job-expired': { status: 410, title: 'The result of the job has expired' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'request-too-large': { status: 413, title: 'The request needs more memory than the limit' },
  'work-too-large': { status: 413, title: 'The request is more work than the limit' },
  'figure-too-large': { status: 413, title: 'The figure would be too large' },
  'uri-too-long': { status: 414, title: 'The address is too long' },
  'unsupported-media-type': { status: 415, title: 'The media type or encoding of the body is not supported' },
  'rate-limited': { status: 429, title: 'Too much work in too little time' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'bad-protocol': { status: 400, title: 'This is not HTTP as it should be' },
  'engine-failed': { status: 500, title: 'The engine failed' },
  'request-crashes-worker': { status: 500, title: 'The request ended its worker twice' },
  internal: { status: 500, title: 'Something went wrong in the service' },
  'model-load-failed': { status: 503, title: 'The model could not be loaded' },
  'not-ready': { status: 503, title: 'The service is not ready' },
  'queue-full': { status: 503, title: 'The queue is full' },
  'memory-full': { status: 503, title: 'The memory for requests in flight is taken' },
  'worker-lost': { status: 503, title: 'The worker was lost' },
  'storage-failed': { status: 503, title: 'The job store cannot be used' },
  draining: { status: 503, title: 'The service is shutting down' },
  'deadline-exceeded': { status: 504, title: 'The deadline passed' },
} as const

export type ErrorCode = keyof typeof catalogue

/** One place in a request that is wrong: a JSON pointer into the body, or `/name` of a query parameter. */
export interface ErrorPlace {
  path: string
  message: string
}

/** Members that some codes add to the problem document, e.g. `estimated_bytes` and `limit_bytes` of a 413. */
export type ErrorExtra = Readonly<Record<string, number | string>>

/** An error that a client may see as it is. Everything else becomes `internal` without its words. */
export class ServiceError extends Error {
  readonly code: ErrorCode
  readonly places: readonly ErrorPlace[]
  readonly extra: ErrorExtra
  /** Response headers that belong to the error, e.g. Allow or Retry-After. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ErrorCode,
    detail: string,
    more: {
      places?: readonly ErrorPlace[]
      extra?: ErrorExtra
      headers?: Readonly<Record<string, string>>
      cause?: unknown
    } = {},
  ) {
    super(detail, { cause: more.cause })
    this.name = 'ServiceError'
    this.code = code
    this.places = more.places ?? []
    this.extra = more.extra ?? {}
    this.headers = more.headers ?? {}
  }

  get status(): number {
    return catalogue[this.code].status
  }
}

/** The request is wrong in one place. */
export function invalid(path: string, message: string): ServiceError {
  return new ServiceError('invalid-request', `${path === '' ? 'The request' : path}: ${message}`, {
    places: [{ path, message }],
  })
}

/** RFC 9457 problem document, as it goes over the wire. */
export interface ProblemDocument {
  type: string
  title: string
  status: number
  code: ErrorCode
  detail: string
  instance: string
  errors?: readonly ErrorPlace[]
  [extra: string]: unknown
}

/** The problem document of an error; `instance` is the request's id. */
export function problemDocument(error: ServiceError, instance: string): ProblemDocument {
  const { status, title } = catalogue[error.code]
  return {
    type: `/problems/${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    instance,
    ...(error.places.length > 0 ? { errors: error.places } : {}),
    ...error.extra,
  }
}
