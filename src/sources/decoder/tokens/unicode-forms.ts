import { AlignedText } from './aligned-text.ts'
import type { Origin } from './aligned-text.ts'

export type NormalForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD'

/**
 * A character of a normal form, and how the number of characters changes at it: 1 where it has been added after the one
 * before it, 0 where it has taken one's place, -n where it has swallowed n more.
 */
interface Changed {
  readonly character: string
  readonly change: number
}

/**
 * A normal form, with origins as the Python library has them: characters and changes as its fork of
 * unicode-normalization counts them (https://github.com/n1t0/unicode-normalization), laid over the original from left
 * to right. Where marks change places the origins therefore do not.
 */
export function toNormalForm(text: AlignedText, form: NormalForm): AlignedText {
  if (/^[\0-\x7f]*$/.test(text.text)) return text
  const decomposed = decompose(text.text, form.endsWith('KC') || form.endsWith('KD') ? 'NFKD' : 'NFD')
  const changed = form.endsWith('C') ? recompose(decomposed) : decomposed
  const origins = [...text.characters()].map(({ origin }) => origin)
  let next = 0
  return AlignedText.from(
    changed.map(({ character, change }) => {
      const origin: Origin = change > 0 ? (origins[next - 1] ?? [0, 0]) : origins[next]!
      if (change <= 0) next += 1 - change
      return { text: character, origin }
    }),
  )
}

function decompose(text: string, form: 'NFD' | 'NFKD'): Changed[] {
  const all: Changed[] = []
  let marks: Changed[] = []
  const sortMarks = (): void => {
    all.push(...marks.sort((a, b) => compareClasses(a.character, b.character)))
    marks = []
  }
  for (const whole of text) {
    for (const [index, character] of [...whole.normalize(form)].entries()) {
      if (isStarter(character)) sortMarks()
      const changed = { character, change: index === 0 ? 0 : 1 }
      if (isStarter(character)) all.push(changed)
      else marks.push(changed)
    }
  }
  sortMarks()
  return all
}

/** https://unicode.org/reports/tr15/#Description_Norm, the canonical composition algorithm */
function recompose(decomposed: readonly Changed[]): Changed[] {
  const all: Changed[] = []
  let starter: Changed | null = null
  let marks: Changed[] = [] // that follow the starter and do not compose with it
  const finish = (): void => {
    if (starter !== null) all.push(starter)
    all.push(...marks)
    marks = []
  }
  for (const next of decomposed) {
    if (starter === null) {
      if (isStarter(next.character)) starter = next
      else all.push(next)
      continue
    }
    const last = marks.at(-1)
    const blocked =
      last !== undefined && (isStarter(next.character) || compareClasses(last.character, next.character) >= 0)
    const composed = blocked ? null : compose(starter.character, next.character)
    if (composed !== null) starter = { character: composed, change: starter.change + next.change - 1 }
    else if (isStarter(next.character)) {
      finish()
      starter = next
    } else marks.push(next)
  }
  finish()
  return all
}

function compose(a: string, b: string): string | null {
  const composed = (a + b).normalize('NFC')
  return composed.length === String.fromCodePoint(composed.codePointAt(0)!).length ? composed : null
}

/** An overlay, of the least combining class there is, and iota subscript, of the greatest. */
const [leastClass, greatestClass] = ['\u0334', '\u0345']

const starters = new Map<string, boolean>()

/** Whether a character's combining class is 0: JavaScript does not say, but marks of other classes change places. */
function isStarter(character: string): boolean {
  if (character < '\u0300') return true
  let starter = starters.get(character)
  if (starter === undefined) {
    const isMark = swaps(character, leastClass) || swaps(greatestClass, character)
    starters.set(character, (starter = !isMark))
  }
  return starter
}

/** Negative where the combining class of `a` is less than that of `b`; neither is 0. */
function compareClasses(a: string, b: string): number {
  if (swaps(a, b)) return 1
  return swaps(b, a) ? -1 : 0
}

function swaps(a: string, b: string): boolean {
  return a !== b && (a + b).normalize('NFD') === b + a
}
