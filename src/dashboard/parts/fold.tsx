import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'

const wide = matchMedia('(min-width: 901px)')

/** Folded away on a narrow screen until it is asked for, always open on a wide one. */
export function Fold({
  label,
  open = false,
  children,
}: {
  readonly label: string
  readonly open?: boolean
  readonly children: ComponentChildren
}): JSX.Element {
  const [isWide, setWide] = useState(wide.matches)
  const [asked, setAsked] = useState(open)
  useEffect(() => {
    const follow = (): void => setWide(wide.matches)
    wide.addEventListener('change', follow)
    return () => wide.removeEventListener('change', follow)
  }, [])
  return (
    <details
      class="fold"
      open={isWide || asked || open}
      onToggle={(event) => {
        if (!isWide) setAsked(event.currentTarget.open)
      }}
    >
      <summary>{label}</summary>
      {children}
    </details>
  )
}
