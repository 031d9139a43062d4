/**
 * Loads the TensorFlow engine as the service does, compares a forward pass with the reference, prints what was found.
 */
import { referenceEngine } from '../../src/engines/reference/index.ts'
import { openTensorFlow } from '../../src/engines/tensorflow/index.ts'
import { selfAttention } from '../../src/problem/problem.ts'
import { main, InstallError } from './command.ts'

const batch = 2,
  length = 33,
  dIn = 24,
  heads = 3,
  headDim = 8,
  width = heads * headDim

/** Values of -1 to 1 without a generator: any will do, as long as both sides see the same. */
const wave = (length: number, step: number): Float32Array =>
  Float32Array.from({ length }, (_, index) => Math.sin(index * step))

const projection = (step: number) => ({ weight: wave(width * dIn, step), bias: wave(width, step * 3) })

await main(async () => {
  const started = performance.now()
  const engine = await openTensorFlow({
    device: 'auto',
    setEnvironment: (variables) => {
      for (const [name, value] of Object.entries(variables)) process.env[name] ??= value
    },
  }).catch((error: Error) => {
    throw new InstallError(error.message)
  })
  const loaded = performance.now() - started
  const problem = selfAttention({
    batch,
    length,
    dIn,
    heads,
    headDim,
    outputDim: width,
    input: wave(batch * length * dIn, 0.7),
    projections: { query: projection(1.1), key: projection(1.3), value: projection(1.7), output: projection(1.9) },
  })
  const [answer, expected] = await Promise.all([engine.run(problem, {}), referenceEngine('').run(problem, {})])
  const error = answer.context.data.reduce(
    (worst, value, index) => Math.max(worst, Math.abs(value - expected.context.data[index]!)),
    0,
  )
  await engine.close()
  console.log(
    `TensorFlow ${engine.version} on Node ${process.versions.node}, device ${engine.device}, loaded in ${loaded.toFixed(0)} ms; ` +
      `a forward pass is within ${error.toExponential(1)} of the reference.`,
  )
  if (engine.device === 'cpu')
    console.log(
      'No GPU is used: either none is visible, or CUDA 12 libraries are missing (npm run install:tensorflow -- --cuda).',
    )
  if (!(error < 1e-5)) throw new InstallError('That is too far off: the installation is not to be used.')
})
