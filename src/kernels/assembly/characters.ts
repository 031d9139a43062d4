/** The characters of JSON's numbers and arrays. */
export const SPACE: u8 = 0x20
export const PLUS: u8 = 0x2b
export const COMMA: u8 = 0x2c
export const MINUS: u8 = 0x2d
export const POINT: u8 = 0x2e
export const ZERO: u8 = 0x30
export const OPEN: u8 = 0x5b
export const CLOSE: u8 = 0x5d
export const E: u8 = 0x65
export const NULL: u32 = 0x6c6c756e
export const EIGHT_ZEROS: u64 = 0x3030303030303030
