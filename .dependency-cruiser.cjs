/**
 * Who may import whom, as src/layers.json and src/README.md's table have it: a folder's name says what a file in it may
 * know. What is not listed of a folder it may not import; a folder that is not listed fails.
 */
const mayKnow = require('./src/layers.json')

/** `sources/source.ts` names a file, `engines/*.ts` the files of a folder alone, `sources/decoder` a folder. */
function pathOf(name) {
  const path = name.replaceAll('.', '\\.').replace('*', '[^/]+')
  return name.endsWith('.ts') ? `^src/${path}$` : `^src/${path}/`
}

const error = (name, from, to) => ({ name, severity: 'error', from, to })

module.exports = {
  forbidden: [
    // Two files may name each other's types; a cycle of values is what makes a mess.
    error('no-circular', {}, { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }),
    ...Object.entries(mayKnow).map(([folder, known]) =>
      error(
        `${folder}-knows-its-own`,
        { path: `^src/${folder}/` },
        { path: '^src/', pathNot: [`^src/${folder}/`, ...known.map(pathOf)] },
      ),
    ),
    error('every-folder-is-listed', { path: '^src/[^/]+/', pathNot: `^src/(${Object.keys(mayKnow).join('|')})/` }, {}),
    error('errors-know-nothing', { path: '^src/errors\\.ts$' }, { path: '^src/' }),
    // Engines never import each other.
    ...['reference', 'direct', 'onnxruntime', 'tensorflow'].map((engine) =>
      error(
        `${engine}-is-a-leaf`,
        { path: `^src/engines/${engine}/` },
        { path: '^src/engines/[^/]+/', pathNot: `^src/engines/${engine}/` },
      ),
    ),
    // What no request is computed in may name the types of what computes, and no more.
    error(
      'gateway-computes-nothing',
      { path: '^src/(gateway|jobs)/' },
      { path: '^src/(engines|sources|random)/', dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
}
