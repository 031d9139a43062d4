import type { components } from '../../../build/types/openapi.d.ts'

export type ProblemDocument = components['schemas']['Problem']

/** A call that came to nothing, in words for a person. */
export class ApiProblem extends Error {
  /** Null: the service could not be reached. */
  readonly document: ProblemDocument | null

  constructor(document: ProblemDocument | null, message: string) {
    super(message)
    this.document = document
  }

  get code(): string {
    return this.document?.code ?? 'unreachable'
  }

  /** The places of a request that are wrong, by JSON pointer. */
  get places(): readonly { path: string; message: string }[] {
    return this.document?.errors ?? []
  }
}

export function unreachable(): ApiProblem {
  return new ApiProblem(null, 'The service cannot be reached.')
}

/** The problem that an answer tells, whatever its body is. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  try {
    const document = (await response.clone().json()) as ProblemDocument
    if (typeof document.code === 'string') return new ApiProblem(document, document.detail)
  } catch {
    /* Not from the service: a proxy in front of it, for example. */
  }
  return new ApiProblem(null, `The answer was ${response.status} ${response.statusText}`.trim() + '.')
}

/** What a person can do about it; empty where the message says it already. */
export function advice(problem: ApiProblem): string {
  switch (problem.code) {
    case 'unreachable':
      return 'Check that it is running and that you are online, then try again.'
    case 'unauthorized':
      return 'Enter an API key with the key button at the top.'
    case 'request-too-large':
    case 'work-too-large':
      return 'Use a shorter sequence, fewer heads, a smaller batch or fewer seeds.'
    case 'figure-too-large':
      return 'Choose some heads, or a window of rows and keys, below.'
    case 'rate-limited':
      return 'Wait a moment, then try again.'
    case 'queue-full':
    case 'memory-full':
      return 'The service is busy. Try again in a few seconds.'
    case 'not-ready':
    case 'draining':
      return 'Try again in a few seconds; the Service page shows its state.'
    case 'deadline-exceeded':
      return 'Ask for less work in one request, or raise its REQUEST_TIMEOUT.'
    case 'internal':
    case 'engine-failed':
      return `The service's log has the details${problem.document === null ? '' : ` under ${problem.document.instance}`}.`
    default:
      return ''
  }
}
