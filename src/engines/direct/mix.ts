/** The values of the keys first..end-1, weighed by `row`, four columns at a time. */
export function mix(
  into: Float32Array,
  at: number,
  row: Float64Array,
  first: number,
  end: number,
  values: Float32Array,
  start: number,
  stride: number,
  width: number,
): void {
  const whole = width - (width % 4)
  for (let d = 0; d < whole; d += 4) {
    let a = 0,
      b = 0,
      c = 0,
      e = 0
    for (let key = first, v = start + first * stride + d; key < end; key++, v += stride) {
      const weight = row[key]!
      a += weight * values[v]!
      b += weight * values[v + 1]!
      c += weight * values[v + 2]!
      e += weight * values[v + 3]!
    }
    into[at + d] = a
    into[at + d + 1] = b
    into[at + d + 2] = c
    into[at + d + 3] = e
  }
  for (let d = whole; d < width; d++) {
    let sum = 0
    for (let key = first, v = start + first * stride + d; key < end; key++, v += stride) sum += row[key]! * values[v]!
    into[at + d] = sum
  }
}

/** The same where some of these keys are holes: what stands there, infinite or not, takes no part. */
export function mixAround(
  holes: (key: number) => boolean,
  into: Float32Array,
  at: number,
  row: Float64Array,
  first: number,
  end: number,
  values: Float32Array,
  start: number,
  stride: number,
  width: number,
): void {
  for (let d = 0; d < width; d++) {
    let sum = 0
    for (let key = first, v = start + first * stride + d; key < end; key++, v += stride) {
      if (!holes(key)) sum += row[key]! * values[v]!
    }
    into[at + d] = sum
  }
}
