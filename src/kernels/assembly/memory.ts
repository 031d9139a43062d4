/** Words or values on their way in or out: 16,384 of them, and room for a vector written over the end. */
export const SCRATCH_LENGTH: u32 = 16384
export const SCRATCH: usize = memory.data(16384 * 4 + 64, 64)
