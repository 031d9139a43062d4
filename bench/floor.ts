import type { Rates } from './harness/rates.ts'

/** What an answer cannot do without: multiply-adds, numbers drawn, numbers printed, bytes sent. */
export interface Needs {
  readonly multiplyAdds: number
  readonly uniforms?: number
  readonly normals?: number
  /** Numbers that become text, and those that are one `0` each. */
  readonly printed?: number
  readonly bytes: number
}

/**
 * The milliseconds that an answer takes at the machine's own rates: products, drawing and text on every core, then the
 * socket. Nothing reaches it, since softmax, statistics, HTTP and the client are left out.
 */
export function floorMilliseconds(needs: Needs, rates: Rates): number {
  const { cores, gigaflops, uniformNanoseconds, normalNanoseconds, textNanoseconds, socketGigabytes } = rates
  const products = (2 * needs.multiplyAdds) / gigaflops
  const drawing = ((needs.uniforms ?? 0) * uniformNanoseconds + (needs.normals ?? 0) * normalNanoseconds) / cores
  const text = ((needs.printed ?? 0) * textNanoseconds) / cores
  const socket = needs.bytes / socketGigabytes
  return (products + drawing + text + socket) / 1e6
}

const width = 768

/** Multi-head, one item, width 768: projections, and the causal half of the scores and of the values mixed. */
export function wideNeeds(from: {
  readonly seqLen: number
  /** Whether contexts are computed: values and the output projection. */
  readonly context: boolean
  /** Whether parameters and the input are drawn anew with each request. */
  readonly fresh?: boolean | 'parameters'
  readonly heads?: number
  readonly form?: 'json' | 'npz' | 'base64'
}): Needs {
  const { seqLen, context, fresh = false, heads = 12, form } = from
  const projections = (context ? 4 : 2) * seqLen * width * width
  const half = ((context ? 2 : 1) * width * (seqLen * (seqLen + 1))) / 2
  const square = heads * seqLen * seqLen
  const seen = (heads * seqLen * (seqLen + 1)) / 2
  const bytesOf = {
    // Ten digits, a point and a comma for what is seen, two characters for what is not.
    json: 11 * seen + 2 * (square - seen) + (context ? 11 * seqLen * width : 0),
    npz: 4 * square,
    base64: (16 / 3) * square,
  }
  return {
    multiplyAdds: projections + half,
    ...(fresh === false ? {} : { uniforms: (context ? 4 : 2) * width * width }),
    ...(fresh === true ? { normals: seqLen * width } : {}),
    ...(form === 'json' ? { printed: seen + (context ? seqLen * width : 0) } : {}),
    bytes: form === undefined ? 2000 : bytesOf[form],
  }
}
