import Negotiator from 'negotiator'

/** Content codings, the one that is preferred where a client likes several equally first. */
const codings = ['zstd', 'br', 'gzip'] as const
export type Coding = (typeof codings)[number]

/** What @types/negotiator does not know of negotiator 1. */
interface Encodings {
  encodings<C extends string>(available: C[], options: { preferred: C[] }): C[]
}

/**
 * The coding for an answer: the first that the client likes best and that `pays`, null for none. One that does not pay
 * is taken only by a client that refuses an answer without any.
 */
export function chooseCoding(acceptEncoding: string, pays: (coding: Coding) => boolean): Coding | null {
  const negotiator = new Negotiator({ headers: { 'accept-encoding': acceptEncoding } }) as unknown as Encodings
  const acceptable = negotiator.encodings([...codings, 'identity'], { preferred: [...codings] })
  const best = acceptable.find((coding) => coding === 'identity' || pays(coding)) ?? acceptable[0]
  return best === undefined || best === 'identity' ? null : best
}

/** Whether a client may refuse an answer without any coding; most never do. */
export function mayRefuseIdentity(acceptEncoding: string): boolean {
  return /identity|\*/.test(acceptEncoding)
}
