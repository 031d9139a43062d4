import { existsSync, globSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Debian's package; another place can be named. */
export const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium'
export const chromiumIsHere = existsSync(chromiumPath)

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
}

/** Builds the dashboard if what it is made of has changed since. */
export async function buildDashboard(): Promise<void> {
  const built = `${root}build/dashboard/index.html`
  const since = existsSync(built) ? statSync(built).mtimeMs : 0
  const sources = globSync(['src/dashboard/**/*.*', 'src/figures/*.ts', 'vite.config.ts'], { cwd: root })
  if (sources.every((file) => statSync(`${root}${file}`).mtimeMs <= since)) return
  await build({ configFile: `${root}vite.config.ts`, root: `${root}src/dashboard`, logLevel: 'warn' })
}

export interface Watched {
  readonly page: Page
  /**
   * What the page should never have: uncaught errors, errors on the console, violations of its content security policy.
   */
  readonly complaints: string[]
}

export interface Look {
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
  readonly touch?: boolean
}

/** A page of its own, with its own storage, whose complaints are kept. */
export async function openPage(
  browser: Browser,
  address: string,
  { width = 1280, height = 900, dark = false, touch = false }: Look = {},
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    hasTouch: touch,
    acceptDownloads: true,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.exposeFunction('complain', (text: string) => complaints.push(text))
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', (event) => complain('CSP: ' + event.violatedDirective + ' ' + event.blockedURI))`,
  )
  await page.goto(address)
  return { page, complaints }
}

/** The figure's drawing is there and not under way. */
export async function drawn(page: Page, count = 1): Promise<void> {
  await page
    .locator('figure.figure[aria-busy="false"] .figure-drawing :is(svg, canvas)')
    .nth(count - 1)
    .waitFor()
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeViolation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** Serious and critical violations that axe-core finds, in words. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource) // through the debugger: the page's policy would not let it in
  const violations = (await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"] }).then((result) => result.violations)',
  )) as AxeViolation[]
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`))
}
