import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { askKey, askKeysBy, forgetKey, savedKey } from './key.ts'

/** The question for a key, asked when the service wants one. */
export function KeyDialog(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const answer = useRef<((key: string | null) => void) | null>(null)
  const [refused, setRefused] = useState(false)
  const [key, setKey] = useState('')
  useEffect(
    () =>
      askKeysBy(
        (wasRefused) =>
          new Promise((resolve) => {
            setRefused(wasRefused)
            setKey('')
            answer.current = resolve
            dialog.current?.showModal()
          }),
      ),
    [],
  )
  const finish = (given: string | null): void => {
    dialog.current?.close()
    answer.current?.(given)
    answer.current = null
    dispatchEvent(new Event('keychange'))
  }
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="key-heading"
      onCancel={(event) => {
        event.preventDefault()
        finish(null)
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (key.trim() !== '') finish(key.trim())
        }}
      >
        <h2 id="key-heading">API key</h2>
        <p>
          {refused ? 'The service did not accept that key.' : 'This service answers only with a key.'} It is kept for
          this tab alone and sent with every call.
        </p>
        <div class="field">
          <label for="api-key">Key</label>
          <input
            id="api-key"
            type="password"
            autoComplete="off"
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
            aria-invalid={refused}
          />
        </div>
        <div class="dialog-end">
          <button type="button" class="button" onClick={() => finish(null)}>
            Not now
          </button>
          <button type="submit" class="button primary">
            Use key
          </button>
        </div>
      </form>
    </dialog>
  )
}

/** Enters a key, or forgets the one there is. */
export function KeyButton(): JSX.Element {
  const [has, setHas] = useState(savedKey() !== null)
  useEffect(() => {
    const follow = (): void => setHas(savedKey() !== null)
    addEventListener('keychange', follow)
    return () => removeEventListener('keychange', follow)
  }, [])
  const press = async (): Promise<void> => {
    if (has) forgetKey()
    else if ((await askKey(false)) !== null) location.reload()
    setHas(savedKey() !== null)
  }
  return (
    <button type="button" class="top-link" onClick={() => void press()}>
      {has ? 'Forget key' : 'Key'}
    </button>
  )
}
