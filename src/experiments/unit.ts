/** What an experiment averages over: one gives one row, and an interval is over them. */
export interface Unit {
  /** One of them, which is also the name of a row's first field. */
  readonly name: string
  readonly plural: string
}

/** A seed draws a model, and where none is given its input. */
export const seedUnit: Unit = { name: 'seed', plural: 'seeds' }
