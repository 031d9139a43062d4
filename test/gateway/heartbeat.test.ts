import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Child } from '../../src/gateway/child.ts'
import { Heartbeat } from '../../src/gateway/heartbeat.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A child that answers as long as it is told to, and what becomes of it. */
function watched(): { heartbeat: Heartbeat; asked: string[]; killed: string[]; stuck: boolean } {
  const seen = { asked: [] as string[], killed: [] as string[], stuck: false }
  const child = {
    send(message: { type: string }) {
      seen.asked.push(message.type)
      if (!seen.stuck) heartbeat.heard()
    },
    kill: (reason: string) => seen.killed.push(reason),
  }
  const heartbeat = new Heartbeat(child as unknown as Child)
  return Object.assign(seen, { heartbeat })
}

it('lets a child live that answers', () => {
  const seen = watched()
  seen.heartbeat.start()
  vi.advanceTimersByTime(600_000)
  expect(seen.asked.length).toBeGreaterThan(100)
  expect(seen.killed).toEqual([])
})

it('kills one that does not answer any more, once', () => {
  const seen = watched()
  seen.heartbeat.start()
  vi.advanceTimersByTime(60_000)
  seen.stuck = true
  vi.advanceTimersByTime(25_000)
  expect(seen.killed).toEqual([])
  vi.advanceTimersByTime(60_000)
  expect(seen.killed).toHaveLength(1)
  seen.stuck = false
  seen.heartbeat.start()
  vi.advanceTimersByTime(60_000)
  expect(seen.killed).toHaveLength(1)
})

it('does not blame it for a time in which the gateway itself stood still', () => {
  const seen = watched()
  seen.heartbeat.start()
  vi.advanceTimersByTime(10_000)
  seen.stuck = true
  vi.advanceTimersByTime(4_000)
  vi.spyOn(performance, 'now').mockReturnValueOnce(performance.now() + 120_000)
  vi.advanceTimersByTime(2_000)
  expect(seen.killed).toEqual([])
})

it('asks nothing after it was stopped', () => {
  const seen = watched()
  seen.heartbeat.start()
  seen.heartbeat.stop()
  vi.advanceTimersByTime(60_000)
  expect(seen.asked).toEqual([])
})
