import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { powersOfTen } from '../../src/kernels/powers.ts'

describe('the kernels', () => {
  it('say how to build them where they are missing', async () => {
    const root = mkdtempSync(join(tmpdir(), 'kernels-'))
    const folder = join(root, 'src', 'kernels')
    mkdirSync(folder, { recursive: true })
    for (const file of ['kernels.ts', 'powers.ts'])
      copyFileSync(new URL(`../../src/kernels/${file}`, import.meta.url), join(folder, file))
    try {
      await expect(import(pathToFileURL(join(folder, 'kernels.ts')).href)).rejects.toThrow(
        'build/kernels.wasm is missing: run `npm run build:kernels`',
      )
    } finally {
      rmSync(root, { recursive: true })
    }
  })

  it('know the powers of ten to 64 bits', () => {
    for (let k = -31; k <= 45; k++) {
      const power = powersOfTen[k + 31]!
      expect(power >= 2n ** 63n && power < 2n ** 64n).toBe(true)
      // power - 1 <= 10^k * 2^scale < power, as integers on both sides.
      const scale = 63n - BigInt(Math.floor(k * Math.log2(10)))
      const [above, below] = [
        (10n ** BigInt(Math.max(k, 0))) << max(scale),
        (10n ** BigInt(Math.max(-k, 0))) << max(-scale),
      ]
      expect((power - 1n) * below <= above && above < power * below).toBe(true)
    }
  })
})

const max = (value: bigint): bigint => (value > 0n ? value : 0n)
