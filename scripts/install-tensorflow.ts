/**
 * npm run install:tensorflow [-- --cuda] [-- --wheel FILE] [-- --force]
 *
 * Puts a current libtensorflow under @tensorflow/tfjs-node-gpu and compiles the package's own binding against it.
 * The package as published wants libtensorflow 2.9.1 for CUDA 11.2 from a host that many networks do not reach;
 * the C interface that its binding uses is still what TensorFlow's wheel on PyPI carries.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { InstallError, main, requireLinuxX64, run } from './install/command.ts'
import { findPackage, root } from './install/package-folder.ts'
import { requireTools } from './install/tools.ts'
import { checkWheel, downloadWheels, readRequirements, unpack, wheelOf, type Requirement } from './install/wheels.ts'

const packageName = '@tensorflow/tfjs-node-gpu'

/** What an installation was made of; written last, so that one cut short is done again. */
type Stamp = { package: string; tensorflow: string; sha256: string; cuda: string[] }

/** Node-API's C headers: the npm package's, or those of a full Node distribution. */
function nodeApiHeaders(): string {
  const ofNode = join(dirname(process.execPath), '..', 'include', 'node')
  try {
    return join(dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')), 'include')
  } catch {
    if (existsSync(join(ofNode, 'node_api.h'))) return ofNode
    throw new InstallError('Missing: Node-API headers. Run: npm install --no-save node-api-headers')
  }
}

/** Places the two libraries in deps/lib and the headers that the binding includes in deps/include. */
async function placeLibrary(wheel: string, deps: string): Promise<void> {
  const unpacked = join(deps, 'unpacked')
  await rm(join(deps, 'lib'), { recursive: true, force: true })
  await rm(join(deps, 'include'), { recursive: true, force: true })
  unpack(
    wheel,
    [
      'tensorflow/libtensorflow_cc.so.2',
      'tensorflow/libtensorflow_framework.so.2',
      'tensorflow/include/tensorflow/c/*.h',
      'tensorflow/include/tensorflow/core/platform/ctstring*.h',
      'tensorflow/include/tsl/platform/ctstring*.h',
      'tensorflow/include/xla/tsl/c/*.h',
    ],
    unpacked,
  )
  await rename(join(unpacked, 'tensorflow', 'include'), join(deps, 'include'))
  await mkdir(join(deps, 'lib'), { recursive: true })
  for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']) {
    await rename(join(unpacked, 'tensorflow', name), join(deps, 'lib', name))
  }
  await rm(unpacked, { recursive: true })
}

/** Compiles binding/*.cc to lib/napi-v8/tfjs_binding.node; Node-API 8 serves Node 20 to 26. */
async function compileBinding(folder: string): Promise<void> {
  const output = join(folder, 'lib', 'napi-v8', 'tfjs_binding.node')
  await mkdir(dirname(output), { recursive: true })
  const library = join(folder, 'deps', 'lib')
  run('g++', [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-shared',
    '-w',
    '-DNAPI_VERSION=8',
    '-DNODE_GYP_MODULE_NAME=tfjs_binding',
    `-I${nodeApiHeaders()}`,
    `-I${join(folder, 'deps', 'include')}`,
    join(folder, 'binding', 'tfjs_backend.cc'),
    join(folder, 'binding', 'tfjs_binding.cc'),
    join(library, 'libtensorflow_cc.so.2'),
    join(library, 'libtensorflow_framework.so.2'),
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
    '-o',
    output,
  ])
}

/** Lays NVIDIA's libraries in deps/nvidia/<name>/lib, where libtensorflow's own search path looks. */
async function placeCuda(deps: string): Promise<string[]> {
  const pins = await readRequirements('tensorflow-cuda')
  const download = join(deps, 'download-cuda')
  const wheels = await downloadWheels('tensorflow-cuda', download)
  for (const pin of pins) unpack(wheelOf(pin.name, wheels), ['nvidia/*'], deps)
  await rm(download, { recursive: true })
  return pins.map((pin) => `${pin.name} ${pin.version}`)
}

async function findWheel(given: string | undefined, pin: Requirement, deps: string): Promise<string> {
  if (given !== undefined) {
    await checkWheel(resolve(given), pin)
    return resolve(given)
  }
  return wheelOf(pin.name, await downloadWheels('tensorflow', join(deps, 'download')))
}

await main(async () => {
  const { values } = parseArgs({
    options: { wheel: { type: 'string' }, cuda: { type: 'boolean' }, force: { type: 'boolean' } },
  })
  requireLinuxX64()
  const { folder, version } = await findPackage(packageName)
  const deps = join(folder, 'deps')
  const stampFile = join(deps, 'installed.json')
  const [pin] = await readRequirements('tensorflow')
  if (pin === undefined) throw new InstallError('requirements/tensorflow.txt pins nothing')

  const before = existsSync(stampFile) ? (JSON.parse(await readFile(stampFile, 'utf8')) as Stamp) : undefined
  const current = values.force !== true && before?.sha256 === pin.sha256 && before.package === version
  const wantsCuda = values.cuda === true && !(current && before.cuda.length > 0)
  if (current && !wantsCuda) {
    console.log(`${packageName} ${version} has libtensorflow ${pin.version} already; --force installs it again.`)
  } else {
    requireTools(
      [...(values.wheel === undefined || wantsCuda ? ['pip'] : []), 'unzip', 'g++'],
      values.wheel === undefined
        ? `\nWithout pip: download the wheel of tensorflow ${pin.version} for CPython 3.12 elsewhere ` +
            'and run: npm run install:tensorflow -- --wheel FILE'
        : '',
    )
    await mkdir(deps, { recursive: true })
    if (!current) {
      const wheel = await findWheel(values.wheel, pin, deps)
      await rm(stampFile, { force: true })
      await placeLibrary(wheel, deps)
      await rm(join(deps, 'download'), { recursive: true, force: true })
      await compileBinding(folder)
    }
    const cuda = wantsCuda ? await placeCuda(deps) : (before?.cuda ?? [])
    const stamp: Stamp = { package: version, tensorflow: pin.version, sha256: pin.sha256, cuda }
    await writeFile(stampFile, `${JSON.stringify(stamp, null, 2)}\n`)
  }
  run(process.execPath, [join(root, 'scripts', 'install', 'verify-tensorflow.ts')])
})
