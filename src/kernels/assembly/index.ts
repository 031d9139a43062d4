export { SCRATCH, SCRATCH_LENGTH } from './memory'
export { STATE, seed, skip } from './mt19937'
export { keepMask, normal, uniform, words } from './draws'
