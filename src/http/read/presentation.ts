import { invalid } from '../../errors.ts'
import { parseFigureSelection } from '../../figures/index.ts'
import type { FigureSelection } from '../../figures/index.ts'
import type { Form } from '../negotiate.ts'
import { readForm } from './form.ts'
import { plainListIn } from './query-string.ts'
import type { Query } from './query-string.ts'

export { checkParameters, readForm } from './form.ts'

/** How an answer is shown, as the query string says: it goes with POST and GET alike. */
export interface Presentation<F extends Form> {
  /** What `format=` asks for; undefined leaves it to Accept. */
  readonly form: F | undefined
  readonly selection: FigureSelection
  /** Whether an npz holds its texts. */
  readonly strings: boolean
}

/** Names of the query parameters that say how an answer is shown. */
export const presentationNames: readonly string[] = ['format', 'figure', 'head', 'item', 'rows', 'keys', 'strings']

/** Those that are lists. */
export const presentationLists: readonly string[] = ['head']

export function readPresentation<F extends Form>(query: Query, forms: readonly F[]): Presentation<F> {
  return {
    form: readForm(query, forms),
    selection: parseFigureSelection({ ...query, head: plainListIn(query, 'head') }),
    strings: readStrings(query.strings),
  }
}

function readStrings(text: unknown): boolean {
  if (text !== undefined && text !== 'true' && text !== 'false') throw invalid('/strings', 'must be true or false')
  return text !== 'false'
}
