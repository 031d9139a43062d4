/** A checkpoint that cannot be served; the message is the reason, in words for whoever put it there. */
export class UnsupportedModel extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'UnsupportedModel'
  }
}
