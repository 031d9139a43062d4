import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Root of the repository. */
export const root = join(import.meta.dirname, '..', '..')

/** Runs a program. @returns its standard output, trimmed. @throws with what it printed when it fails. */
export function run(program: string, args: readonly string[], env: Record<string, string> = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, ...env },
  })
  if (error !== undefined) throw error
  if (status !== 0)
    throw new Error(
      `${program} ${args.join(' ')} ended with ${status}:\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`,
    )
  return stdout.trim()
}

/** chroot isolation needs neither cgroups nor user namespaces. */
export const buildah = (...args: string[]): string => run('buildah', args, { BUILDAH_ISOLATION: 'chroot' })

/** Why images cannot be built and run here; undefined when they can. */
export function whyNoImages(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs Linux and root (chroot, mounts)'
  const needed = ['buildah', 'unshare', 'nsenter', ...(process.env.NODE_IMAGE === undefined ? ['debootstrap'] : [])]
  const missing = needed.filter((name) => spawnSync('which', [name]).status !== 0)
  return missing.length === 0
    ? undefined
    : `missing: ${missing.join(', ')} (apt-get install buildah debootstrap util-linux)`
}

/**
 * The base image: NODE_IMAGE where one is given, else one made here of Debian's own packages, this machine's Node
 * (the npm package's) and npm. It has what node:26-bookworm-slim has, and this machine's certificates.
 */
export function baseImage(): string {
  if (process.env.NODE_IMAGE !== undefined) return process.env.NODE_IMAGE
  const name = `localhost/attention-service-base:node-${process.versions.node}`
  if (buildah('images', '--quiet', '--filter', `reference=${name}`) !== '') return name
  const work = mkdtempSync(join(tmpdir(), 'base-image-'))
  try {
    const files = join(work, 'root')
    run('debootstrap', ['--variant=minbase', '--include=ca-certificates,libatomic1,libstdc++6', 'bookworm', files])
    run('chroot', [files, 'apt-get', 'clean'])
    cpSync(process.execPath, join(files, 'usr/local/bin/node'))
    const modules = join(files, 'usr/local/lib/node_modules')
    // bin/npm-cli.js of the npm that is on the path
    cpSync(join(realpathSync(run('which', ['npm'])), '..', '..'), join(modules, 'npm'), { recursive: true })
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(files, 'usr/local/bin/npm'))
    const certificates = '/etc/ssl/certs/ca-certificates.crt'
    cpSync(certificates, join(files, certificates))
    const container = buildah('from', 'scratch')
    buildah('add', '--quiet', container, files, '/')
    buildah(
      'config',
      '--env',
      `NODE_EXTRA_CA_CERTS=${certificates}`,
      '--env',
      `PIP_CERT=${certificates}`,
      '--env',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      container,
    )
    buildah('commit', '--quiet', container, name)
    buildah('rm', container)
    return name
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Builds a target of the Dockerfile. @returns the image's name */
export function build(target: 'cpu' | 'gpu', base: string, args: Readonly<Record<string, string>> = {}): string {
  const name = `localhost/attention-service-test:${target}`
  buildah(
    'bud',
    '--quiet',
    '--layers',
    '--format',
    'docker',
    '--target',
    target,
    '--tag',
    name,
    ...Object.entries({ NODE_IMAGE: base, ...args }).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]),
    root,
  )
  return name
}

/** What an image says of itself, in Docker's words. */
export interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Cmd: readonly string[]
  readonly WorkingDir: string
  readonly Labels: Readonly<Record<string, string>>
  readonly Volumes: Readonly<Record<string, unknown>>
  readonly ExposedPorts: Readonly<Record<string, unknown>>
  readonly StopSignal: string
  readonly Healthcheck: { readonly Test: readonly string[] }
}

export function inspect(image: string): ImageConfig {
  return (JSON.parse(buildah('inspect', '--type', 'image', image)) as { Docker: { config: ImageConfig } }).Docker.config
}

/** An image's files, mounted; `unmount` lets go of them. */
export function mount(image: string): { readonly path: string; unmount(): void } {
  const container = buildah('from', '--pull-never', image)
  return { path: buildah('mount', container), unmount: () => void buildah('rm', container) }
}
