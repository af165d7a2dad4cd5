import type { Server } from 'node:http'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { AGENT_PORTS } from '../../shared/browser.ts'
import { hasChromium, launchChromium, openTab, type LocalNetwork, type Tab } from './chromium.ts'
import { startLaptop, type Laptop, type LaptopOptions } from './laptop.ts'
import { buildWorld, hasNginx, type World } from './world.ts'

/** What is tested here needs a browser and a gateway. */
export const isImpossible = !hasChromium || !hasNginx

/** What a test opens is closed after it. */
export type Company = {
  world: World
  laptop(options?: Partial<LaptopOptions>): Promise<Laptop>
  tab(localNetwork?: LocalNetwork): Promise<Tab>
  /** Something else that is to be closed after the test. */
  closing<T extends { close(): unknown }>(it: T): T
}

/** The world and one browser for the tests of a file. */
export function openCompany(): Company {
  let [world, browser]: [World?, Browser?] = []
  const open: { close(): unknown }[] = []
  beforeAll(async () => {
    if (isImpossible) {
      console.log('Chromium, nginx or openssl is not installed: what a browser does is not tested')
      return
    }
    world = await buildWorld()
    browser = await launchChromium(world.ports)
  })
  afterEach(async () => {
    for (const it of open.splice(0).toReversed()) await it.close()
  })
  afterAll(async () => {
    await browser?.close()
    await world?.close()
  })
  const closing: Company['closing'] = (it) => {
    open.push(it)
    return it
  }
  return {
    get world() {
      return world!
    },
    async laptop(options = {}) {
      const { collector, collectorUrl, issuer } = world!
      const enrollment = await collector.enrollment()
      const it = await startLaptop({ collectorUrl, issuer, enrollment, recheck: collector.recheck, ...options })
      closing({ close: it.stop })
      return it
    },
    tab: async (localNetwork = 'granted') => closing(await openTab(browser!, world!.issuer, localNetwork)),
    closing,
  }
}

/** Waits until a page says this. */
export const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor()
export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).first().click()

/** Has a server of somebody else listen where an agent would, and tells on which port. */
export async function listenLikeAgent(server: Server): Promise<number> {
  for (const port of AGENT_PORTS) {
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (isFree) return port
  }
  throw new Error('other agents have all the ports')
}
