import { describe, expect, it } from 'vitest'
import { Calls } from '../../src/http/calls.ts'

/** What a gateway hears of the calls that it gave up. */
function giveUp(calls: Calls, id: string): number[] {
  const heard: number[] = []
  calls.giveUp(id, (workUnits) => heard.push(workUnits))
  return heard
}

describe('a call that the gateway has given up', () => {
  it('has ended when its turn is over, with the work that was done', () => {
    const calls = new Calls()
    expect(calls.begin('1')).toBe(true)
    expect(calls.begin('2')).toBe(true)
    const heard = giveUp(calls, '1')
    calls.end('2', 5)
    expect(heard).toEqual([])
    calls.end('1', 7)
    expect(heard).toEqual([7])
  })

  it('has ended at once where it was not begun, and is not begun after that', () => {
    const calls = new Calls()
    expect(giveUp(calls, '3')).toEqual([0])
    expect(calls.begin('3')).toBe(false)
    expect(calls.begin('4')).toBe(true)
  })

  it('is forgotten after many others, and so is one that had ended before', () => {
    const calls = new Calls()
    for (let i = 0; i < 3_000; i++) {
      calls.begin(`done ${i}`)
      calls.end(`done ${i}`, 1)
      expect(giveUp(calls, `done ${i}`)).toEqual([0])
    }
    expect(giveUp(calls, 'late')).toEqual([0])
    expect(calls.begin('done 0')).toBe(true)
    expect(calls.begin('late')).toBe(false)
  })
})
