import { invalid } from '../../errors.ts'
import type { Form } from '../negotiate.ts'
import { pointerToken } from './tensor.ts'

/** What `format=` asks for; undefined leaves it to Accept. */
export function readForm<F extends Form>(
  { format }: Readonly<Record<string, unknown>>,
  forms: readonly F[],
): F | undefined {
  const form = forms.find((name) => name === format)
  if (format !== undefined && form === undefined) throw invalid('/format', `must be one of ${forms.join(', ')}`)
  return form
}

/** Refuses what is no parameter of the address, and one that is given twice, lists excepted. */
export function checkParameters(
  query: Readonly<Record<string, unknown>>,
  known: readonly string[],
  lists: readonly string[] = [],
): asserts query is Readonly<Record<string, string>> {
  for (const [name, text] of Object.entries(query)) {
    if (!known.includes(name))
      throw invalid(`/${pointerToken(name)}`, `is not a parameter; known are ${known.join(', ')}`)
    if (typeof text !== 'string' && !lists.includes(name)) throw invalid(`/${name}`, 'is given more than once')
  }
}
