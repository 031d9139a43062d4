/**
 * Values on their way in or out, and draws' words: this many of four bytes, and room for
 * a vector written over the end. Small enough to stay in a core's nearest caches.
 */
export const SCRATCH_LENGTH: u32 = 8192
export const SCRATCH: usize = memory.data(8192 * 4 + 64, 64)

/** Numbers as text: 16 bytes for each value, as much for the brackets behind them, and room for a vector. */
export const TEXT_LENGTH: u32 = 8193 * 16
export const TEXT: usize = memory.data(8193 * 16 + 64, 16)

/** A projection's operands and result: 256 KiB, what a core's second cache holds. */
export const LINEAR_LENGTH: u32 = 65536
export const LINEAR: usize = memory.data(65536 * 4, 64)
