/** Who may import whom: a folder's name says what a file in it may know (src/README.md). */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot: [from, ...allowed] },
})

module.exports = {
  forbidden: [
    // Two files may name each other's types; a cycle of values is what makes a mess.
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('metrics-are-a-leaf', '^src/metrics/', []),
    only('tensor-knows-what-rows-see', '^src/tensor/', ['^src/problem/visibility\\.ts$']),
    only('kernels-are-a-leaf', '^src/kernels/', []),
    only('counts-are-a-leaf', '^src/metrics/', []),
    only('errors-are-a-leaf', '^src/errors\\.ts$', []),
    only('random-knows-kernels-and-tensor', '^src/random/', ['^src/(tensor|kernels)/']),
    only('statistics-know-tensors', '^src/statistics/', ['^src/(problem|tensor|random|kernels)/']),
    only('onnx-is-a-leaf', '^src/onnx/', []),
    only('the-problem-is-a-leaf', '^src/problem/', []),
    only('sources-know-no-engine', '^src/sources/', [
      '^src/(problem|tensor|random|metrics|onnx)/',
      '^src/errors\\.ts$',
    ]),
    only('models-know-decoders', '^src/models/', [
      '^src/(sources/decoder|problem|tensor|metrics)/',
      '^src/errors\\.ts$',
    ]),
    only('engines-know-the-problem', '^src/engines/', [
      '^src/(problem|tensor|statistics|metrics|kernels|onnx)/',
      '^src/errors\\.ts$',
    ]),
    ...['reference', 'direct', 'onnxruntime', 'tensorflow'].map((engine) => ({
      name: `${engine}-is-a-leaf`,
      severity: 'error',
      from: { path: `^src/engines/${engine}/` },
      to: { path: '^src/engines/[^/]+/', pathNot: `^src/engines/${engine}/` },
    })),
    {
      name: 'no-http-below',
      severity: 'error',
      from: {
        path: '^src/(tensor|onnx|random|problem|sources|models|engines|statistics|experiments|encoders|kernels|figures)/',
      },
      to: { path: '^src/(http|gateway|jobs)/' },
    },
    only('dashboard-knows-the-http-contract', '^src/dashboard/', ['^src/figures/']),
    {
      name: 'nobody-imports-the-dashboard',
      severity: 'error',
      from: { pathNot: '^src/dashboard/' },
      to: { path: '^src/dashboard/' },
    },
    {
      name: 'gateway-computes-nothing',
      severity: 'error',
      from: { path: '^src/(gateway|jobs)/' },
      to: { path: '^src/(engines|sources|random)/', dependencyTypesNot: ['type-only'] },
    },
    { name: 'jobs-know-no-gateway', severity: 'error', from: { path: '^src/jobs/' }, to: { path: '^src/gateway/' } },
    {
      name: 'experiments-know-no-pool',
      severity: 'error',
      from: { path: '^src/experiments/' },
      to: { path: '^src/engines/[^/]+/' },
    },
    // Whoever computes, encodes or draws asks a source for its description and knows none by name.
    only('attention-knows-no-source-by-name', '^src/attention/', [
      '^src/(admission|problem|statistics|tensor)/',
      '^src/engines/[^/]+\\.ts$',
      '^src/sources/source\\.ts$',
    ]),
    only('encoders-know-results', '^src/encoders/', [
      '^src/(attention|experiments|problem|statistics|tensor|kernels)/',
      '^src/sources/source\\.ts$',
    ]),
    only('figures-know-results', '^src/figures/', [
      '^src/(attention|experiments|encoders|problem|statistics|tensor)/',
      '^src/sources/source\\.ts$',
      '^src/errors\\.ts$',
    ]),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
}
