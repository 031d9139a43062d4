// Loaded before a service's own code: its wall clock is wrong by the milliseconds that stand in the file CLOCK_SHIFT.
import { readFileSync } from 'node:fs'

const RealDate = Date
let shift = 0
let readAt = -Infinity

function now() {
  if (performance.now() - readAt > 20) {
    readAt = performance.now()
    shift = Number(readFileSync(process.env.CLOCK_SHIFT, 'utf8'))
  }
  return RealDate.now() + shift
}

globalThis.Date = class Date extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [now()] : given))
  }

  static now() {
    return now()
  }
}
