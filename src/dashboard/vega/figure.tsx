import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { VegaLiteSpec } from '../../figures/spec.ts'
import type { Drawn } from './draw.ts'

type OnCell = (datum: Readonly<Record<string, unknown>>) => void

interface FigureProps {
  /** Undefined while it is not there yet. */
  readonly spec: VegaLiteSpec | undefined
  /** Pixels to keep free for a picture that is not there yet, by the width that it has. */
  readonly height: (room: number) => number
  readonly busy?: boolean
  readonly onCell?: OnCell | null
  readonly children?: ComponentChildren
}

interface Titled {
  readonly title?: { readonly text?: string | readonly string[]; readonly subtitle?: readonly string[] }
}

/** A figure of the service with its title; Vega is loaded when the first one is drawn. */
export function Figure({ spec, height, busy, onCell = null, children }: FigureProps): JSX.Element {
  const holder = useRef<HTMLDivElement>(null)
  const clicked = useRef<OnCell | null>(null)
  clicked.current = onCell
  const room = useWidth(holder)
  const dark = useDark()
  const [failure, setFailure] = useState<string | null>(null)
  const [drawnOnce, setDrawnOnce] = useState(false)
  useEffect(() => {
    if (spec === undefined || room === 0) return
    let drawn: Drawn | undefined,
      given = false
    const fresh = document.createElement('div')
    fresh.className = 'figure-drawing'
    // Drawn beside the old one and then put in its place, so that nothing jumps.
    import('./draw.ts')
      .then(({ draw }) =>
        given
          ? undefined
          : draw(fresh, spec, {
              room,
              dark,
              onCell: clicked.current === null ? null : (datum) => clicked.current?.(datum),
            }),
      )
      .then((result) => {
        drawn = result
        if (given || holder.current === null) return drawn?.remove()
        holder.current.replaceChildren(fresh)
        setFailure(null)
        setDrawnOnce(true)
      })
      .catch((error: unknown) => {
        if (!given) setFailure(String(error))
      })
    return () => {
      given = true
      drawn?.remove()
    }
  }, [spec, room, dark, onCell === null])
  const { title } = (spec ?? {}) as Titled
  const heading = [title?.text ?? []].flat().join(' ')
  const notes = sentences([title?.subtitle ?? []].flat())
  return (
    <figure class="figure" aria-busy={busy === true || spec === undefined}>
      <figcaption>
        <span class="figure-title">{heading === '' ? '\u00a0' : heading}</span>
        <span class="figure-notes">{notes === '' ? '\u00a0' : notes}</span>
      </figcaption>
      {failure === null ? null : (
        <p class="alert" role="alert">
          The picture could not be drawn: {failure}
        </p>
      )}
      <div
        role="group"
        aria-label={heading === '' ? 'Picture' : heading}
        tabIndex={0}
        class={`figure-holder${onCell === null ? '' : ' figure-clickable'}`}
        ref={holder}
        style={{ minHeight: drawnOnce ? undefined : `${height(room)}px` }}
      />
      {children}
    </figure>
  )
}

/** Lines as they were wrapped, as one text: a line that begins anew is a sentence of its own. */
function sentences(lines: readonly string[]): string {
  return lines.reduce(
    (text, line) => `${text}${/[^.\u00b7]$/.test(text) && /^[A-Z]/.test(line) ? '. ' : text === '' ? '' : ' '}${line}`,
    '',
  )
}

/** The width that an element has, whole pixels, followed as it changes. */
function useWidth(of: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const element = of.current!
    let timer: ReturnType<typeof setTimeout> | undefined
    setWidth(Math.floor(element.clientWidth))
    const observer = new ResizeObserver(() => {
      clearTimeout(timer)
      timer = setTimeout(() => setWidth(Math.floor(element.clientWidth)), 120)
    })
    observer.observe(element)
    return () => {
      clearTimeout(timer)
      observer.disconnect()
    }
  }, [])
  return width
}

const darkQuery = matchMedia('(prefers-color-scheme: dark)')

function useDark(): boolean {
  const [dark, setDark] = useState(darkQuery.matches)
  useEffect(() => {
    const follow = (): void => setDark(darkQuery.matches)
    darkQuery.addEventListener('change', follow)
    return () => darkQuery.removeEventListener('change', follow)
  }, [])
  return dark
}
