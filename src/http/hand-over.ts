/**
 * A large answer need not go through the gateway's hands: the gateway writes its head and its end, and lends the
 * client's connection to the worker for the body between them. These are the words that the two sides use for it.
 */

/** On a request: the client's connection can be lent. */
export const offerHeader = 'x-hand-over'
/** On a head: the number by which the worker knows the body that it will write. */
export const acceptHeader = 'x-handed-over'

/** An answer up to this size is held until it is whole, so that it can be asked for again. */
export const holdLimitBytes = 2 ** 20
