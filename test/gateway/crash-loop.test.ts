import { describe, expect, it } from 'vitest'
import type { Death } from '../../src/gateway/child.ts'
import { CrashLoop } from '../../src/gateway/crash-loop.ts'

const death: Death = { pid: 1, wasReady: true, readyForMs: 10, how: 'SIGKILL', killedFor: null }

describe('a crash loop', () => {
  it('is five deaths in a row with no answer between them', () => {
    let answered = 3
    const loop = new CrashLoop(() => answered)
    for (let i = 0; i < 4; i++) loop.died(death)
    expect(loop.broken).toBe(false)
    loop.died(death)
    expect(loop.broken).toBe(true)
    answered++
    expect(loop.broken).toBe(false)
    loop.died(death)
    expect(loop.broken).toBe(false)
  })

  it('is over when a worker has outlived its probation', () => {
    const loop = new CrashLoop(() => 0)
    for (let i = 0; i < 5; i++) loop.died(death)
    loop.over()
    expect(loop.broken).toBe(false)
    for (let i = 0; i < 4; i++) loop.died(death)
    expect(loop.broken).toBe(false)
    loop.died(death)
    expect(loop.broken).toBe(true)
  })

  it('starts anew with each answer', () => {
    let answered = 0
    const loop = new CrashLoop(() => answered)
    for (let i = 0; i < 20; i++) {
      loop.died(death)
      if (i % 4 === 3) answered++
    }
    expect(loop.broken).toBe(false)
  })

  it('is not made of workers that ran well for long, nor of those that the gateway ended for a deadline', () => {
    const loop = new CrashLoop(() => 0)
    for (let i = 0; i < 10; i++) loop.died({ ...death, readyForMs: 100_000 })
    for (let i = 0; i < 10; i++) loop.died({ ...death, killedFor: 'it did not answer in time' })
    expect(loop.broken).toBe(false)
  })

  it('counts those that were never ready, killed or not', () => {
    const loop = new CrashLoop(() => 0)
    for (let i = 0; i < 5; i++)
      loop.died({ ...death, wasReady: false, readyForMs: 0, killedFor: 'it was not ready in time' })
    expect(loop.broken).toBe(true)
  })
})
