import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPrefixProxy } from '../support/prefix-proxy.ts'
import type { PrefixProxy } from '../support/prefix-proxy.ts'
import { RunningService } from '../support/running-service.ts'
import { absent } from '../support/skip.ts'
import { buildDashboard, chromiumIsHere, drawn, launch, openPage } from './browser.ts'
import type { Watched } from './browser.ts'

const prefix = '/tools/attention'

describe.skipIf(absent(!chromiumIsHere, 'Chromium'))('pages below a path', { timeout: 90_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    await buildDashboard()
    browser = await launch()
  })
  afterAll(() => browser?.close())

  describe.each([
    ['a proxy strips, as BASE_PATH says', { BASE_PATH: prefix }, true],
    ['a proxy leaves there', { BASE_PATH: prefix }, false],
    ['a proxy strips, and the service does not know', {}, true],
    ['asks for a key', { BASE_PATH: prefix, API_KEYS: 'the-key' }, false],
  ] as const)('that %s', (_name, environment, strips) => {
    let service: RunningService, proxy: PrefixProxy
    const isGuarded = 'API_KEYS' in environment
    beforeAll(async () => {
      service = await RunningService.start({ WORKERS: '0', ...environment })
      proxy = await startPrefixProxy(service.port, prefix, { strips })
    })
    afterAll(async () => {
      await proxy.close()
      await service.stop()
    })

    /** Works with a page, which may neither complain nor ask for anything that is not there. */
    async function visit(path: string, act: (page: Watched['page']) => Promise<void>): Promise<void> {
      const { page, complaints } = await openPage(browser, 'about:blank')
      const strays: string[] = []
      page.on('response', (answer) => {
        if (answer.status() >= 400 && answer.status() !== 401) strays.push(`${answer.status()} ${answer.url()}`)
      })
      await page.goto(proxy.address + path)
      await act(page)
      expect(strays).toEqual([])
      expect(complaints.filter((text) => !(isGuarded && text.includes('401')))).toEqual([])
      await page.context().close()
    }

    it('shows the dashboard, which computes, runs and links from there', async () => {
      for (const path of 'BASE_PATH' in environment ? ['', '/'] : ['/'])
        await visit(`${path}#/explore`, async (page) => {
          if (isGuarded) {
            await page.getByRole('dialog').getByLabel('Key').fill('the-key')
            await page.getByRole('button', { name: 'Use key' }).click()
          }
          await drawn(page)
          expect(await page.locator('.snippet').first().textContent()).toContain(`${proxy.address}/attention/`)
          await page.getByRole('link', { name: 'API' }).click()
          await page.getByText('Compute one model on one input.').waitFor()
          expect(page.url()).toBe(`${proxy.address}/docs`)
          await page.getByRole('link', { name: 'Attention', exact: true }).click()
          await page.getByRole('link', { name: 'Service', exact: true }).click()
          await page.getByRole('heading', { name: 'Engines' }).waitFor()
        })
    })

    it.skipIf(isGuarded)('follows a job there', async () => {
      await visit('/#/experiments?experiment=heads&count=3000&run=true', async (page) => {
        await page.getByText('What 3,000 seeds say').waitFor({ timeout: 60_000 })
      })
    })

    it('shows /docs and calls the service from it', async () => {
      for (const path of ['/docs', '/docs/'])
        await visit(path, async (page) => {
          if (isGuarded) {
            await page.getByLabel('This service asks for an API key.').fill('wrong')
            await page.getByRole('button', { name: 'Use key' }).click()
            await page.getByText('did not accept this key').waitFor()
            await page.getByLabel('This service asks for an API key.').fill('the-key')
            await page.getByRole('button', { name: 'Use key' }).click()
          }
          await page.locator('#operations-service-getEngines').click()
          const answered = page.waitForResponse((answer) => answer.url() === `${proxy.address}/engines`)
          await page.locator('#operations-service-getEngines .execute').click()
          expect((await answered).status()).toBe(200)
        })
    })
  })
})
