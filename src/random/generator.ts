import { PlainGenerator } from './plain-generator.ts'

export { linearBound } from './linear-bound.ts'

/** PyTorch's CPU generator as the service uses it. */
export class Generator extends PlainGenerator {}
