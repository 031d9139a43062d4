import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { baseUrl } from '../api/client.ts'

export type State = 'ready' | 'starting' | 'draining' | 'failed' | 'unreachable' | 'unknown'

/** Health needs no key, and a 503 of it is an answer. */
export function useHealth(every: number): { readonly status: State; readonly reason: string } {
  const [health, setHealth] = useState<{ status: State; reason: string }>({ status: 'unknown', reason: '' })
  useEffect(() => {
    const read = async (): Promise<void> => {
      if (document.hidden) return
      try {
        const answer = (await (await fetch(`${baseUrl}/health/ready`)).json()) as { status: State; reason?: string }
        setHealth({ status: answer.status, reason: answer.reason ?? '' })
      } catch {
        setHealth({ status: 'unreachable', reason: 'The service cannot be reached.' })
      }
    }
    void read()
    const timer = setInterval(() => void read(), every)
    return () => clearInterval(timer)
  }, [every])
  return health
}

export function StatusPill(): JSX.Element {
  const { status, reason } = useHealth(10_000)
  return (
    <a class={`pill pill-${status}`} href="#/service" title={reason}>
      <span class="hidden">Service: </span>
      {status === 'unknown' ? '\u2026' : status}
    </a>
  )
}
