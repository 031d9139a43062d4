import type { JSX } from 'preact'
import { advice } from '../api/problem.ts'
import type { ApiProblem } from '../api/problem.ts'

/** What went wrong, in words, and what to do. */
export function Alert({
  problem,
  retry,
}: {
  readonly problem: ApiProblem
  readonly retry?: (() => void) | undefined
}): JSX.Element {
  const { document, places } = problem
  const what = advice(problem)
  const more = places.length > 1 ? places : []
  return (
    <div class="alert" role="alert">
      <p>
        <strong>{document?.title ?? 'That did not work'}.</strong> {sentence(problem.message)} {what}
      </p>
      {more.length === 0 ? null : (
        <ul>
          {more.map(({ path, message }) => (
            <li key={path}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {retry === undefined ? null : (
        <button type="button" class="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
