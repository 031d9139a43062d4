import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { ApiProblem } from '../api/problem.ts'
import { Alert } from './alert.tsx'
import { saveFile } from './save.ts'

export interface Download {
  readonly label: string
  readonly file: string
  readonly get: () => Promise<Blob>
}

/** Buttons that fetch a file, with the tab's key, and save it. */
export function Downloads({
  label,
  downloads,
}: {
  readonly label: string
  readonly downloads: readonly Download[]
}): JSX.Element {
  const [busy, setBusy] = useState<string | null>(null)
  const [problem, setProblem] = useState<ApiProblem | null>(null)
  const start = async ({ file, get }: Download): Promise<void> => {
    setBusy(file)
    setProblem(null)
    try {
      saveFile(file, await get())
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error : new ApiProblem(null, String(error)))
    } finally {
      setBusy(null)
    }
  }
  return (
    <div class="downloads" role="group" aria-label={label}>
      <span class="downloads-label" aria-hidden="true">
        {label}
      </span>
      {downloads.map((download) => (
        <button
          type="button"
          class="button small"
          key={download.file}
          disabled={busy !== null}
          aria-label={`Download ${download.label}`}
          onClick={() => void start(download)}
        >
          {busy === download.file ? 'Saving…' : download.label}
        </button>
      ))}
      {problem === null ? null : <Alert problem={problem} />}
    </div>
  )
}
