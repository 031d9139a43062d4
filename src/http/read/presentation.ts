import { invalid } from '../../errors.ts'
import { parseFigureSelection } from '../../figures/index.ts'
import type { FigureSelection } from '../../figures/index.ts'
import type { Form } from '../negotiate.ts'
import { pointerToken } from './tensor.ts'

/** How an answer is shown, as the query string says: it goes with POST and GET alike. */
export interface Presentation<F extends Form> {
  /** What `format=` asks for; undefined leaves it to Accept. */
  readonly form: F | undefined
  readonly selection: FigureSelection
}

/** Names of the query parameters that say how an answer is shown. */
export const presentationNames: readonly string[] = ['format', 'figure', 'head', 'item', 'rows', 'keys']

export function readPresentation<F extends Form>(query: Readonly<Record<string, unknown>>, forms: readonly F[]): Presentation<F> {
  return { form: readForm(query, forms), selection: parseFigureSelection(query) }
}

/** What `format=` asks for; undefined leaves it to Accept. */
export function readForm<F extends Form>({ format }: Readonly<Record<string, unknown>>, forms: readonly F[]): F | undefined {
  const form = forms.find((name) => name === format)
  if (format !== undefined && form === undefined) throw invalid('/format', `must be one of ${forms.join(', ')}`)
  return form
}

/** Refuses what is no parameter of the address, and one that is given twice. */
export function checkParameters(query: Readonly<Record<string, unknown>>, known: readonly string[]): asserts query is Readonly<Record<string, string>> {
  for (const [name, text] of Object.entries(query)) {
    if (!known.includes(name)) throw invalid(`/${pointerToken(name)}`, `is not a parameter; known are ${known.join(', ')}`)
    if (typeof text !== 'string') throw invalid(`/${name}`, 'is given more than once')
  }
}
