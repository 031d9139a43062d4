import { parentPort } from 'node:worker_threads'
import { carryOut } from './text-order.ts'
import type { TextOrder } from './text-order.ts'

parentPort!.on('message', (order: TextOrder) => {
  const answer = carryOut(order)
  parentPort!.postMessage(answer, [answer.block])
})
parentPort!.postMessage('ready')
