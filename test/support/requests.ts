/** Requests that the process tests send: the path, and bodies by how long they take. */
export const path = '/attention/multi-head'

/** The study's size; a fraction of a millisecond. */
export const tiny = { model: { d_in: 20, d_out: 16, num_heads: 2 }, input: { randn: [5, 8, 20] } }

/** One of many different tiny requests; each has one right answer. */
export function tinyBy(seed: number): object {
  return { ...tiny, model: { ...tiny.model, seed }, return: ['weights', 'context', 'summary'] }
}

/** Some tenths of a second on one core: plain float64 loops, and a small answer. */
export const slow = {
  model: { d_in: 64, d_out: 64, num_heads: 4 },
  input: { randn: [1, 768, 64] },
  engine: 'reference',
  return: ['summary'],
}

/** Some seconds. */
export const slower = { ...slow, input: { randn: [6, 1024, 64] } }

/** Longer than any test waits: half a minute at least. */
export const endless = { ...slow, input: { randn: [64, 2048, 64] } }

/** An answer of about 100 MB of JSON. */
export const huge = {
  model: { d_in: 64, d_out: 768, num_heads: 12 },
  input: { randn: [1, 1024, 64] },
  return: ['weights'],
}
