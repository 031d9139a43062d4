import { describe, expect, it } from 'vitest'
import { Lines } from '../../src/gateway/queue.ts'

describe('the lines of the gateway', () => {
  it('are first come, first served, each for itself', () => {
    const queue = new Lines<string>()
    for (const item of ['a', 'b']) queue.add(item, 'interactive')
    queue.add('c', 'background')
    expect(queue.size).toBe(3)
    expect([queue.peek('interactive'), queue.peek('experiment'), queue.peek('background')]).toEqual([
      'a',
      undefined,
      'c',
    ])
    expect(queue.remove('a', 'interactive')).toBe(true)
    expect(queue.peek('interactive')).toBe('b')
  })

  it('put what comes back before what came later, in its order', () => {
    const queue = new Lines<string>()
    queue.add('new', 'interactive')
    queue.addFirst('second', 'interactive')
    queue.addFirst('first', 'interactive')
    expect(queue.takeAll()).toEqual(['first', 'second', 'new'])
    expect(queue.size).toBe(0)
  })

  it('give up an item from wherever it stands, once', () => {
    const queue = new Lines<string>()
    queue.add('waiting', 'experiment')
    queue.addFirst('back', 'experiment')
    expect([
      queue.remove('back', 'experiment'),
      queue.remove('waiting', 'experiment'),
      queue.remove('waiting', 'experiment'),
    ]).toEqual([true, true, false])
    expect(queue.length('experiment')).toBe(0)
  })
})
