import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiProblem } from '../api/problem.ts'

/** What is known of a request: the last good answer stays while the next one is under way, or wrong. */
export interface Requested<T> {
  readonly data: T | undefined
  /** What `data` answers. */
  readonly answers: string | null
  readonly problem: ApiProblem | null
  readonly loading: boolean
  retry(): void
}

interface Known<T> {
  data: T | undefined
  answers: string | null
  problem: ApiProblem | null
  settled: string | null
}

/**
 * Asks again whenever `key` changes, `delay` ms after the last change; the request before it is given up. A null key
 * asks nothing.
 */
export function useRequest<T>(key: string | null, run: (signal: AbortSignal) => Promise<T>, delay = 0): Requested<T> {
  const [known, setKnown] = useState<Known<T>>({ data: undefined, answers: null, problem: null, settled: null })
  const [attempt, setAttempt] = useState(0)
  const first = useRef(true)
  useEffect(() => {
    if (key === null) return
    const controller = new AbortController()
    const timer = setTimeout(
      () => {
        run(controller.signal).then(
          (data) => {
            if (!controller.signal.aborted)
              setKnown({ data, answers: key, problem: null, settled: `${attempt} ${key}` })
          },
          (error: unknown) => {
            if (controller.signal.aborted) return
            if (!(error instanceof ApiProblem)) console.error(error) // eslint-disable-line no-console
            const problem =
              error instanceof ApiProblem ? error : new ApiProblem(null, `The page failed: ${String(error)}`)
            setKnown((before) => ({ ...before, problem, settled: `${attempt} ${key}` }))
          },
        )
      },
      first.current ? 0 : delay,
    )
    first.current = false
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [key, attempt])
  return {
    data: known.data,
    answers: known.answers,
    problem: key === null ? null : known.problem,
    loading: key !== null && known.settled !== `${attempt} ${key}`,
    retry: () => setAttempt((count) => count + 1),
  }
}
