import { existsSync, readdirSync } from 'node:fs'

/** NVIDIA GPUs that the driver shows to this machine or container; CUDA_VISIBLE_DEVICES may hide some of them. */
export function nvidiaGpus(): number {
  try {
    return readdirSync('/dev').filter((name) => /^nvidia\d+$/.test(name)).length
  } catch {
    return 0
  }
}

/**
 * What a process may put into its children's CUDA_VISIBLE_DEVICES, one GPU each: all that the driver shows, or those
 * that the variable names where it is set. CUDA reads it up to the first name that is none, so `-1` and nothing hide
 * all.
 */
export function visibleGpus(cudaVisibleDevices: string | undefined, found: number = nvidiaGpus()): readonly string[] {
  if (found === 0) return []
  if (cudaVisibleDevices === undefined) return Array.from({ length: found }, (_, index) => String(index))
  const names = cudaVisibleDevices.split(',').map((name) => name.trim())
  const end = names.findIndex((name) => !/^(\d+|(GPU|MIG)-.+)$/.test(name))
  return end === -1 ? names : names.slice(0, end)
}

/**
 * Why an engine that could compute on a GPU does not, as well as it can be told from outside: the libraries write what
 * they miss to their logs and nowhere else.
 * @param name of what would use the GPU
 * @param libraries folder of the CUDA libraries that are installed with it, and the command that installs them
 */
export function whyNoGpu(name: string, libraries: { readonly folder: string; readonly command: string }): string {
  // Windows' Linux subsystem shows its GPU as /dev/dxg.
  if (nvidiaGpus() === 0 && !existsSync('/dev/dxg'))
    return 'no NVIDIA GPU is visible here (no /dev/nvidia0); a container needs --gpus'
  if (!existsSync(libraries.folder))
    return `the NVIDIA driver is here, but the CUDA libraries for ${name} are not: ${libraries.command}`
  return `the NVIDIA driver is here, but ${name} could not use a GPU; its log line says which library or capability is missing`
}
