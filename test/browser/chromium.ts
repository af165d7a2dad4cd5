import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type CDPSession, type Page } from 'playwright-core'
import { vi } from 'vitest'

// A browser shares the machine with all other tests: what takes a second by itself may take twenty beside them.
vi.setConfig({ testTimeout: 60_000 })

const CHROMIUM = '/usr/bin/chromium'
export const hasChromium = existsSync(CHROMIUM)

/**
 * A Chromium that finds all names on this machine and holds some ports for addresses of the internet: a page from there
 * has to have permission before it may ask 127.0.0.1 (Local Network Access), as that of a collector elsewhere has.
 */
export function launchChromium(publicPorts: readonly number[]): Promise<Browser> {
  const spaces = publicPorts.map((port) => `127.0.0.1:${port}=public`).join(',')
  const args = [
    '--ignore-certificate-errors',
    '--host-resolver-rules=MAP *.example.com 127.0.0.1, MAP *.example.net 127.0.0.1',
    `--ip-address-space-overrides=${spaces}`,
  ]
  // The sandbox of Chromium does not start for root.
  if (process.getuid?.() === 0) args.push('--no-sandbox')
  return chromium.launch({ executablePath: CHROMIUM, args })
}

/** What the person said, or would say, when Chromium asks whether a page may reach this machine. */
export type LocalNetwork = 'granted' | 'denied' | 'dismissed'

export type Tab = {
  page: Page
  context: BrowserContext
  /** Method and address of everything that was asked, in its order. */
  requests: string[]
  /** What the pages did that they may not: breaches of their own policy, and errors of their scripts. */
  breaches: string[]
  close(): Promise<void>
}

/** A browser of its own, without cookies, with one page. */
export async function openTab(browser: Browser, issuer: string, localNetwork: LocalNetwork): Promise<Tab> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  const requests: string[] = []
  context.on('request', (request) => requests.push(`${request.method()} ${request.url()}`))
  const breaches: string[] = []
  context.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML/.test(message.text())) breaches.push(message.text())
  })
  context.on('weberror', (error) => breaches.push(String(error.error())))
  if (localNetwork === 'granted') await context.grantPermissions(['local-network-access'], { origin: issuer })
  // Without a window there is nobody to ask, and Chromium takes that for a no.
  if (localNetwork === 'denied') await deny(browser, context, page, issuer)
  return { page, context, requests, breaches, close: () => context.close() }
}

async function deny(browser: Browser, context: BrowserContext, page: Page, origin: string): Promise<void> {
  const [whole, one] = await Promise.all([browser.newBrowserCDPSession(), context.newCDPSession(page)])
  const { targetInfo } = await one.send('Target.getTargetInfo')
  // What a session has set holds as long as the session.
  await Promise.all(['local-network-access', 'loopback-network'].map((name) => set(whole, name, origin, targetInfo)))
}

function set(session: CDPSession, name: string, origin: string, { browserContextId }: { browserContextId?: string }) {
  const of = browserContextId === undefined ? {} : { browserContextId }
  return session.send('Browser.setPermission', { permission: { name }, setting: 'denied', origin, ...of })
}

/** Takes a picture of a state, in light and dark, where a folder for them is named. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['MUSTER_SCREENSHOTS']
  if (folder === undefined) return
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) })
  }
  await page.emulateMedia({ colorScheme: 'light' })
}
