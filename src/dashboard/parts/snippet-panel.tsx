import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { Choice } from './field.tsx'
import { copyText } from './save.ts'

export interface Snippet {
  readonly id: string
  readonly name: string
  readonly text: string
  readonly note?: string
}

/** The same request for elsewhere: as a command, as code, as a link. */
export function SnippetPanel({ snippets }: { readonly snippets: readonly Snippet[] }): JSX.Element {
  const [shown, setShown] = useState(snippets[0]!.id)
  const [copied, setCopied] = useState<string | null>(null)
  const text = useRef<HTMLPreElement>(null)
  const snippet = snippets.find(({ id }) => id === shown) ?? snippets[0]!
  const copy = async (): Promise<void> => {
    if (await copyText(snippet.text)) setCopied('Copied')
    else {
      getSelection()?.selectAllChildren(text.current!)
      setCopied('Selected: press Ctrl+C or ⌘C')
    }
    setTimeout(() => setCopied(null), 2500)
  }
  return (
    <section class="card" aria-labelledby="snippets-heading">
      <div class="card-head">
        <h2 id="snippets-heading">Use it elsewhere</h2>
        <Choice
          label="Form"
          hideLabel
          options={snippets.map(({ id, name }) => ({ value: id, name }))}
          value={snippet.id}
          onChange={setShown}
        />
        <button type="button" class="button" onClick={() => void copy()}>
          Copy {snippet.name}
        </button>
        <span class="quiet" role="status">
          {copied}
        </span>
      </div>
      <pre ref={text} class="snippet" tabIndex={0} role="region" aria-label={`${snippet.name} snippet`}>
        <code>{snippet.text}</code>
      </pre>
      {snippet.note === undefined ? null : <p class="quiet">{snippet.note}</p>}
    </section>
  )
}
