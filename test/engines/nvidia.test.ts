import { describe, expect, it } from 'vitest'
import { gpusOf, readConfig } from '../../src/config.ts'
import { visibleGpus } from '../../src/engines/nvidia.ts'

describe('the GPUs that may be used', () => {
  it('are all that the driver shows where nothing else is said', () => {
    expect(visibleGpus(undefined, 3)).toEqual(['0', '1', '2'])
    expect(visibleGpus(undefined, 0)).toEqual([])
  })

  it.each([
    ['2,3', ['2', '3']],
    [' 1 , GPU-8932f937-d72c', ['1', 'GPU-8932f937-d72c']],
    ['MIG-GPU-8932f937/1/2', ['MIG-GPU-8932f937/1/2']],
    ['0,-1,1', ['0']],
    ['-1', []],
    ['', []],
    ['NoDevFiles', []],
  ])('are those of CUDA_VISIBLE_DEVICES=%j', (value, expected) => {
    expect(visibleGpus(value, 4)).toEqual(expected)
  })

  it('are none when the CPU is demanded', () => {
    expect(gpusOf({ DEVICE: 'cpu', CUDA_VISIBLE_DEVICES: '0' })).toEqual([])
    expect(readConfig({ DEVICE: 'cpu' }).WORKERS).toBeGreaterThanOrEqual(1)
  })
})
