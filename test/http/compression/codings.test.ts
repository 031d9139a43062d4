import { describe, expect, it } from 'vitest'
import { chooseCoding } from '../../../src/http/compression/codings.ts'

const always = (): boolean => true

describe('the coding of an answer', () => {
  it.each([
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip, deflate, br', 'br'],
    ['gzip, deflate', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip, deflate', null],
    ['*', 'zstd'],
    ['br;q=0.2, gzip;q=0.8', 'gzip'],
    ['zstd;q=0, *', 'br'],
    ['gzip;q=0', null],
    ['identity', null],
    ['identity;q=1, gzip;q=0.5', null],
    ['identity;q=0.5, gzip', 'gzip'],
    ['identity;q=0, gzip', 'gzip'],
    ['*;q=0', null],
    ['', null],
    ['   ,,;;', null],
  ])('%j: %s', (header, coding) => {
    expect(chooseCoding(header, always)).toBe(coding)
  })

  it('passes over one that does not pay, unless nothing else is taken', () => {
    const notGzip = (coding: string): boolean => coding !== 'gzip'
    expect(chooseCoding('gzip, deflate', notGzip)).toBe(null)
    expect(chooseCoding('gzip, br;q=0.1', notGzip)).toBe('br')
    expect(chooseCoding('gzip, identity;q=0', notGzip)).toBe('gzip')
    expect(chooseCoding('zstd, br', () => false)).toBe(null)
  })
})
