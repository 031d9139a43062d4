import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { RunningService, until } from '../support/running-service.ts'
import { absent } from '../support/skip.ts'
import { axeViolations, buildDashboard, chromiumIsHere, drawn, launch, openPage } from './browser.ts'
import type { Look } from './browser.ts'

const wide: Look = { width: 1440 }
const phone: Look = { width: 375, height: 812, touch: true }

describe.skipIf(absent(!chromiumIsHere, 'Chromium'))('dashboard', { timeout: 90_000 }, () => {
  let browser: Browser, service: RunningService, home: string
  const opened: { close(): Promise<void> }[] = []
  const complaints: string[] = []

  async function open(hash: string, look: Look = wide, base = home): Promise<Page> {
    const watched = await openPage(browser, `${base}/${hash}`, look)
    opened.push(watched.page.context())
    watched.page.on('close', () => complaints.push(...watched.complaints))
    return watched.page
  }

  beforeAll(async () => {
    await buildDashboard()
    ;[browser, service] = await Promise.all([launch(), RunningService.start({ WORKERS: '0' })])
    home = `http://127.0.0.1:${service.port}`
  })

  afterAll(async () => {
    await browser?.close()
    await service?.stop()
  })

  afterEach(async () => {
    await closeAll()
    complaints.splice(0)
  })

  async function closeAll(): Promise<void> {
    for (const context of opened.splice(0)) await context.close()
  }

  /** Closes what is open; nothing of it may have complained. */
  async function closeQuietly(): Promise<void> {
    await closeAll()
    expect(complaints.splice(0)).toEqual([])
  }

  it('is small, and leaves Vega until a picture is drawn', async () => {
    const scripts = globSync('build/dashboard/assets/*.js', { cwd: fileURLToPath(new URL('../../', import.meta.url)) })
    const bytes = scripts.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0)
    console.log(`dashboard: ${Math.round(bytes / 1024)} KiB of JavaScript, gzipped`)
    expect(bytes).toBeLessThan(2 ** 20)
    const page = await open('#/service')
    await page.getByRole('heading', { name: 'Engines' }).waitFor()
    const loaded = (): Promise<string[]> =>
      page.evaluate('performance.getEntriesByType("resource").map((entry) => entry.name)')
    expect((await loaded()).filter((name) => name.includes('/draw-'))).toEqual([])
    await page.getByRole('link', { name: 'Explore', exact: true }).click()
    await drawn(page)
    expect((await loaded()).filter((name) => name.includes('/draw-'))).toHaveLength(1)
    const paint = await page.evaluate('performance.getEntriesByName("first-contentful-paint")[0]?.startTime')
    console.log(`dashboard: first paint after ${String(paint)} ms`)
    await closeQuietly()
  })

  it('shows a heatmap a head, says a cell\u2019s weight, query and key, and explains it', async () => {
    const page = await open('')
    await drawn(page)
    expect(await page.locator('.figure-drawing svg').textContent()).toContain('head 1')
    const cells = page.locator('.figure-drawing .mark-rect.role-mark path')
    expect(await cells.count()).toBe(2 * 21)
    const answer = (
      await service.post('/attention/multi-head', {
        model: { d_in: 4, d_out: 4, num_heads: 2, dropout: 0.1 },
        input: { randn: [5, 6, 4], seed: 42, advance: 960 },
      })
    ).json()
    const weight = answer.weights[0][0][2][1] as number
    const cell = cells.nth(4) // head 0: rows of 1, 2 and 3 cells
    await cell.hover({ force: true })
    const tip = page.locator('.vg-tooltip')
    await tip.getByText(String(Number(weight.toFixed(4)))).waitFor()
    expect(await tip.textContent()).toMatch(/query.*2.*key.*1/)
    await cell.click({ force: true })
    const explained = page.locator('.explain')
    await explained.getByText('Query 2 gives key 1 the weight').waitFor()
    expect(await explained.locator('.explain-result strong').textContent()).toBe(String(Number(weight.toPrecision(5))))
    expect(await explained.locator('.steps > li').count()).toBe(5)
    // The page's own arithmetic comes to the service's weight.
    expect(
      Number((await explained.locator('.steps > li:last-child h3').textContent())!.split('= ').at(-1)),
    ).toBeCloseTo(weight, 4)
    expect(new URL(page.url()).hash).toContain('cell=a%2C0%2C2%2C1')
    await closeQuietly()
  })

  it('explains a cell by the keyboard alone, also a masked one', async () => {
    const page = await open('')
    await drawn(page)
    await page.getByRole('button', { name: 'Explain a cell' }).focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('Key j').fill('4')
    await page.getByText('comes before key 4').waitFor()
    await page.getByRole('button', { name: 'Close' }).press('Enter')
    await page.getByRole('button', { name: 'Explain a cell' }).waitFor()
    await closeQuietly()
  })

  it('says what the service finds wrong, at the field, and keeps the last picture', async () => {
    const page = await open('')
    await drawn(page)
    await page.getByLabel('d_out').fill('5')
    const error = page.locator('.field', { has: page.getByLabel('d_out') }).locator('.field-error')
    await error.waitFor()
    const problem = (
      await service.post('/attention/multi-head', {
        model: { d_in: 4, d_out: 5, num_heads: 2 },
        input: { randn: [5, 6, 4] },
      })
    ).json()
    expect(await error.textContent()).toBe(problem.errors[0].message)
    expect(await page.getByLabel('d_out').getAttribute('aria-invalid')).toBe('true')
    await page.locator('.side.stale .figure-drawing svg').waitFor()
    await page.getByLabel('d_out').fill('8')
    await error.waitFor({ state: 'detached' })
    await page.getByLabel('Query rows').fill('9-12')
    await page.locator('.view-fields .field-error').waitFor()
    await page.getByLabel('Query rows').fill('2-4')
    await page.getByText('queries 2\u20134 of 6').waitFor()
  })

  it('labels positions with the words of a sentence', async () => {
    const page = await open('')
    await drawn(page)
    await page.getByLabel('Sentence').fill('Don\u2019t panic, \u05e9\u05dc\u05d5\u05dd!')
    await page.getByText('5 tokens').waitFor()
    expect(await page.getByLabel('Sequence length').isDisabled()).toBe(true)
    await page.locator('.figure-drawing svg text', { hasText: 'panic' }).first().waitFor()
    await closeQuietly()
  })

  it('compares two configurations and draws their difference', async () => {
    const page = await open('')
    await page.getByLabel('Start from').selectOption({ label: 'Study: bias off and on' })
    await drawn(page, 3)
    const url = page.url()
    await page.getByText('B minus A: Attention weights').waitFor()
    const answers = await Promise.all(
      [false, true].map(
        async (bias) =>
          (
            await service.post('/attention/causal', {
              model: { d_in: 20, d_out: 16, dropout: 0.1, qkv_bias: bias },
              input: { randn: [5, 8, 20], seed: 42 },
            })
          ).json().weights[0][0] as number[][],
      ),
    )
    const differences = answers[0]!.flatMap((row, i) =>
      row.slice(0, i + 1).map((weight, j) => answers[1]![i]![j]! - weight),
    )
    const shown = await page.locator('section[aria-label="Difference"] .mark-text.role-mark text').allTextContents()
    expect(shown.map((text) => Number(text.replace('\u2212', '-')))).toEqual(
      differences.map((value) => expect.closeTo(value, 2)),
    )
    await page.reload()
    await drawn(page, 3)
    expect(page.url()).toBe(url)
    await page.getByRole('radio', { name: 'B', exact: true }).check({ force: true })
    await page.getByLabel('Query, key and value bias').uncheck()
    await page.getByText('Greatest difference 0.').waitFor()
    await closeQuietly()
  })

  it('is a link: going back finds the state before', async () => {
    const page = await open('')
    await drawn(page)
    await page.getByRole('radio', { name: 'Context' }).check({ force: true })
    await page.getByText('Context vectors').waitFor()
    await page.goBack()
    await page.locator('.figure-title', { hasText: 'Attention weights, 2 heads' }).waitFor()
    await closeQuietly()
  })

  it('copies a request that the service takes, and saves every form', async () => {
    const page = await open('#/explore?qkv_bias=true&sentence=it%27s+one+step')
    await drawn(page)
    const snippet = await page.locator('.snippet').textContent()
    const body = /-d '(.*)'$/s.exec(snippet!)![1]!.replaceAll(`'\\''`, "'")
    expect((await service.post('/attention/multi-head', body)).status).toBe(200)
    await page.getByRole('radio', { name: 'image link' }).check({ force: true })
    const link = new URL((await page.locator('.snippet').textContent())!)
    expect((await service.get(link.pathname + link.search)).headers['content-type']).toContain('image/svg+xml')
    const begins: Readonly<Record<string, string>> = {
      PNG: '\x89PNG',
      SVG: '<svg',
      'Vega-Lite': '{"$schema"',
      npz: 'PK',
      JSON: '{"model"',
      'statistics as CSV': 'head,entropy',
    }
    for (const [name, start] of Object.entries(begins)) {
      const download = page.waitForEvent('download')
      await page.getByRole('button', { name: `Download ${name}` }).click()
      expect(readFileSync(await (await download).path(), 'latin1').slice(0, start.length), name).toBe(start)
    }
    await closeQuietly()
  })

  it('shows 12 heads over 1024 positions without a node a cell', async () => {
    const page = await open('#/explore?d_in=768&d_out=768&num_heads=12&batch=1&seq_len=1024&dropout=0&advance=0')
    await drawn(page)
    await page.getByText('12 heads, max-pooled').waitFor()
    expect(await page.evaluate('document.querySelectorAll("*").length')).toBeLessThan(3000)
    await page.locator('.figure-drawing canvas').click({ position: { x: 80, y: 100 } })
    await page.getByText('Where this weight comes from').waitFor()
    await page.getByRole('button', { name: 'Zoom to it' }).click()
    await page.locator('.figure-title', { hasText: 'queries' }).waitFor()
    await closeQuietly()
  })

  it('runs an experiment: verdicts beside claims, tables, rows to keep', async () => {
    const page = await open('#/experiments')
    await page.getByLabel('Number of seeds').fill('60')
    await page.getByRole('button', { name: 'Run the experiment' }).click()
    await page.getByText('What 60 seeds say').waitFor()
    await drawn(page)
    const report = (await service.post('/experiments/bias', { seeds: { count: 60 } })).json()
    const claims = page.locator('.claim')
    expect(await claims.count()).toBe(report.claims.length)
    for (const [at, claim] of report.claims.entries()) {
      const text = (await claims.nth(at).textContent())!
      expect(text).toContain(claim.statement)
      expect(text.toLowerCase()).toContain(claim.verdict.replaceAll('_', ' '))
    }
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download rows (CSV)' }).click()
    const rows = readFileSync(await (await download).path(), 'utf8')
      .trim()
      .split('\r\n')
    expect(rows).toHaveLength(1 + 60 * 5)
    await page.getByRole('radio', { name: 'Heads' }).check({ force: true })
    await page.getByRole('button', { name: 'Run the experiment' }).click()
    await page.getByText('Similarity of heads against its null').waitFor()
    await closeQuietly()
  })

  it('runs a long experiment as a job, with its progress, and cancels it', async () => {
    const page = await open('#/experiments?count=90000')
    await page.getByRole('button', { name: 'Run the experiment' }).click()
    await page.getByText(/[1-9][\d,]* of 90,000 seeds/).waitFor({ timeout: 60_000 })
    expect(Number(await page.locator('progress').getAttribute('value'))).toBeGreaterThan(0)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('Cancelled.').waitFor()
    expect(page.url()).not.toContain('run=true')
    await until(
      async () => (await service.get('/jobs')).json().jobs[0].state === 'cancelled',
      30_000,
      'the job is cancelled',
    )
    await closeQuietly()
  })

  it('finds a job\u2019s report again by its link', async () => {
    const asked = { seeds: { count: 40 }, input: { seq_len: 7 } }
    const { headers } = await service.post('/experiments/heads', asked, { prefer: 'respond-async' })
    const page = await open(`#/experiments?job=${String(headers.location).split('/').at(-1)!}`)
    await page.getByText('What 40 seeds say').waitFor({ timeout: 60_000 })
    expect(await page.getByRole('radio', { name: 'Heads' }).isChecked()).toBe(true)
    expect(await page.getByLabel('Number of seeds').inputValue()).toBe('40')
    expect(await page.locator('pre').first().textContent()).toContain('"seq_len":7')
    await drawn(page)
    await closeQuietly()
  })

  it('asks once for a key, keeps it for the tab, and says when it is refused', async () => {
    const guarded = await RunningService.start({ WORKERS: '0', API_KEYS: 'first-key,second-key' })
    try {
      const page = await open('', wide, `http://127.0.0.1:${guarded.port}`)
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Key').fill('wrong')
      await dialog.getByRole('button', { name: 'Use key' }).click()
      await dialog.getByText('did not accept').waitFor()
      await dialog.getByLabel('Key').fill('second-key')
      await dialog.getByRole('button', { name: 'Use key' }).click()
      await drawn(page)
      await page.reload()
      await drawn(page)
      expect(await dialog.isVisible()).toBe(false)
      expect(await page.locator('.snippet').textContent()).not.toContain('second-key')
      expect(page.url()).not.toContain('second-key')
    } finally {
      await guarded.stop()
    }
  })

  for (const [name, look] of [
    ['wide and light', wide],
    ['wide and dark', { ...wide, dark: true }],
    ['on a phone', phone],
    ['on a dark phone', { ...phone, dark: true }],
  ] as const) {
    it(`has no serious accessibility violation and does not scroll sideways, ${name}`, async () => {
      for (const hash of [
        '#/explore?compare=true&b.qkv_bias=true&cell=a,0,3,1',
        '#/explore?kind=causal&d_out=0',
        '#/experiments?experiment=heads&count=20&run=true',
        '#/service',
      ]) {
        const page = await open(hash, look)
        if (hash.includes('d_out=0')) await page.locator('.field-error').first().waitFor()
        else if (hash.includes('service')) await page.getByRole('cell', { name: 'available' }).first().waitFor()
        else await drawn(page)
        if (hash.includes('cell')) await page.locator('.steps').waitFor()
        expect(await axeViolations(page), hash).toEqual([])
        expect(
          await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
          hash,
        ).toBeLessThanOrEqual(0)
      }
    })
  }
})
