/** Takes all memory of the GPU that is left, says `full`, and keeps it until it is ended. */
import { defaultEnvironment } from '../../src/config.ts'
import { loadTensorFlow } from '../../src/engines/tensorflow/load.ts'

const { tf } = loadTensorFlow({ device: 'gpu', setEnvironment: defaultEnvironment })
const taken: unknown[] = []
for (const megabytes of [1024, 128, 16]) {
  try {
    for (;;) taken.push(tf.ones([megabytes * 2 ** 18]))
  } catch {
    // Out of memory: go on with smaller pieces.
  }
}
console.log('full', taken.length)
setInterval(() => {}, 1000)
