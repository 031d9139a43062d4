import { useEffect, useState } from 'preact/hooks'

export const pages = ['explore', 'experiments', 'service'] as const
export type Page = (typeof pages)[number]

/** Where the page is: all of its state that a link should hold stands in the address's fragment. */
export interface Route {
  readonly page: Page
  readonly params: URLSearchParams
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s)
  const page = pages.find((name) => name === path) ?? 'explore'
  return { page, params: new URLSearchParams(query) }
}

export function routeHref(page: Page, params?: URLSearchParams): string {
  const query = params?.toString() ?? ''
  return `#/${page}${query === '' ? '' : `?${query}`}`
}

/** Goes there. `replace`: the step is no page of its own in the history (typing into a field). */
export function navigate(page: Page, params?: URLSearchParams, replace = false): void {
  const href = routeHref(page, params)
  if (href === location.hash) return
  history[replace ? 'replaceState' : 'pushState'](null, '', href)
  dispatchEvent(new Event('routechange'))
}

const changes = ['routechange', 'popstate', 'hashchange'] as const

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const read = (): void => setHash(location.hash)
    for (const name of changes) addEventListener(name, read)
    return () => {
      for (const name of changes) removeEventListener(name, read)
    }
  }, [])
  return parseRoute(hash)
}
