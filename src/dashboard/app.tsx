import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { baseUrl, client } from './api/client.ts'
import { KeyButton, KeyDialog } from './api/key-dialog.tsx'
import { ExperimentsPage } from './experiments/page.tsx'
import { ExplorePage } from './explore/page.tsx'
import { ServicePage } from './service/page.tsx'
import { StatusPill } from './service/status-pill.tsx'
import { pages, routeHref, useRoute } from './state/route.ts'
import type { Page } from './state/route.ts'
import { useRequest } from './state/request.ts'

const names: Readonly<Record<Page, string>> = { explore: 'Explore', experiments: 'Experiments', service: 'Service' }

export function App(): JSX.Element {
  const route = useRoute()
  const engines = useRequest('engines', async (signal) => (await client.GET('/engines', { signal })).data!)
  // Each page's last address, so that going back to it by the menu finds it as it was left.
  const [addresses, setAddresses] = useState<Readonly<Partial<Record<Page, string>>>>({})
  const here = routeHref(route.page, route.params)
  useEffect(() => {
    setAddresses((known) => ({ ...known, [route.page]: here }))
  }, [route.page, here])
  useEffect(() => {
    document.title = `${names[route.page]} · Attention service`
  }, [route.page])
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          document.querySelector<HTMLElement>('#main')?.focus()
        }}
      >
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href="#/explore">
          <Mark />
          Attention
        </a>
        <nav aria-label="Pages">
          {pages.map((page) => (
            <a
              key={page}
              href={page === route.page ? here : (addresses[page] ?? routeHref(page))}
              aria-current={page === route.page ? 'page' : undefined}
            >
              {names[page]}
            </a>
          ))}
        </nav>
        <div class="top-end">
          <StatusPill />
          <a class="top-link" href={`${baseUrl}/docs`}>
            API
          </a>
          <KeyButton />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <h1 class="hidden">{names[route.page]}</h1>
        {route.page === 'explore' ? <ExplorePage params={route.params} engines={engines.data} /> : null}
        {route.page === 'experiments' ? <ExperimentsPage params={route.params} /> : null}
        {route.page === 'service' ? <ServicePage /> : null}
      </main>
      <KeyDialog />
    </>
  )
}

function Mark(): JSX.Element {
  const cells: readonly (readonly [number, number, string])[] = [
    [0, 0, '#fde725'],
    [0, 1, '#35b779'],
    [1, 1, '#90d743'],
    [0, 2, '#31688e'],
    [1, 2, '#443983'],
    [2, 2, '#21918c'],
  ]
  return (
    <svg class="mark" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      {cells.map(([x, y, fill]) => (
        <rect key={`${x}${y}`} x={x * 7} y={y * 7} width="6" height="6" rx="1.2" fill={fill} />
      ))}
    </svg>
  )
}
