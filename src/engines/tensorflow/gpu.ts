import { existsSync, readdirSync } from 'node:fs'

/** The GPUs that the NVIDIA driver shows to this machine or container, before CUDA_VISIBLE_DEVICES. */
function driverDevices(): string[] {
  try {
    return readdirSync('/dev').filter((name) => /^nvidia\d+$/.test(name))
  } catch {
    return []
  }
}

/**
 * Why TensorFlow took no GPU, as well as it can be told from outside: the binding knows only that it did not, and
 * TensorFlow itself writes a library that it misses to its log and nowhere else.
 * @param librariesFolder where install:tensorflow lays NVIDIA's libraries
 */
export function whyNoGpu(librariesFolder: string): string {
  const devices = driverDevices()
  if (devices.length === 0 && !existsSync('/dev/dxg')) return 'no NVIDIA GPU is visible here (no /dev/nvidia0); in a container, run it with --gpus'
  if (!existsSync(librariesFolder)) {
    return 'the NVIDIA driver is here, but TensorFlow could not use a GPU; CUDA 12 libraries are not installed with it: npm run install:tensorflow -- --cuda'
  }
  return 'the NVIDIA driver is here, but TensorFlow could not use a GPU; its log line says which library or capability is missing'
}
