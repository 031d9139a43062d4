/** The API key: asked for once, kept for the tab (sessionStorage), sent with every call. */
const storageName = 'attention-service.api-key'

type Asker = (refused: boolean) => Promise<string | null>
let asker: Asker | undefined
let asking: Promise<string | null> | undefined

export function savedKey(): string | null {
  return sessionStorage.getItem(storageName)
}

export function forgetKey(): void {
  sessionStorage.removeItem(storageName)
}

/** Hands in how a person is asked: the key, or null where they leave it. */
export function askKeysBy(ask: Asker): void {
  asker = ask
}

/** Asks for a key; calls that need one at the same time share the question. Null: the person left it. */
export function askKey(refused: boolean): Promise<string | null> {
  asking ??= (asker?.(refused) ?? Promise.resolve(null))
    .then((key) => {
      if (key !== null) sessionStorage.setItem(storageName, key)
      return key
    })
    .finally(() => {
      asking = undefined
    })
  return asking
}
