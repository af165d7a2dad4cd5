import { createServer } from 'node:http'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openLoopback } from '../../agent/loopback/server.ts'
import { AGENT_PORTS } from '../../shared/browser.ts'
import { fakeDevice } from '../fakes/device.ts'
import { SECRET } from '../gateways/application.ts'
import { picture } from './chromium.ts'
import type { Laptop } from './laptop.ts'
import { heading, isImpossible, listenLikeAgent, openCompany, press } from './company.ts'

const company = openCompany()
const TOLD = 'a browser was told which laptop this is'

/** Waits until the application itself has answered. */
const secret = (page: Page) => page.getByText(SECRET).waitFor()
/** Presses what leads to the page of the agent; agents of other tests may have the first port. */
const goToAgent = (page: Page, { agentUrl }: Laptop) => {
  const { port } = new URL(agentUrl)
  return press(page, port === String(AGENT_PORTS[0]) ? 'Ask on the agent’s own page' : port)
}
const wiki = (path = '/minutes?of=may#end') => `${company.world.sites.wiki}${path}`

test.skipIf(isImpossible)(
  'a laptop that passes goes by itself to what was asked for, and the application hears of it',
  async () => {
    const { device } = await company.laptop()
    const { page, context, breaches } = await company.tab()
    await page.goto(wiki())
    await secret(page)
    expect(page.url()).toBe(wiki())
    const cookies = await context.cookies(wiki())
    expect(cookies).toMatchObject([
      { name: '__Host-muster-device', domain: 'wiki.example.com', path: '/', httpOnly: true, secure: true },
    ])
    expect(cookies[0]?.sameSite).toBe('Lax')
    const { headers } = company.world.application.arrived.at(-1)!
    expect(headers).toMatchObject({ 'x-posture-device-id': device.id })
    expect(headers.cookie ?? '').not.toContain('muster')
    expect(breaches).toEqual([])
  },
)

test.skipIf(isImpossible)('a browser that was checked is not checked again', async () => {
  await company.laptop()
  const { page, requests } = await company.tab()
  await page.goto(wiki())
  await secret(page)
  requests.splice(0)
  await page.goto(wiki('/another'))
  await secret(page)
  expect(requests).toEqual([`GET ${wiki('/another')}`])
})

test.skipIf(isImpossible)('each host checks for itself, and cookies of one are worth nothing at another', async () => {
  await company.laptop()
  const { page, context, requests } = await company.tab()
  await page.goto(wiki())
  await secret(page)
  const [cookie] = await context.cookies(wiki())
  const { files } = company.world.sites
  await context.addCookies([{ ...cookie!, domain: new URL(files).hostname }])
  requests.splice(0)
  await page.goto(`${files}/list`)
  await secret(page)
  expect(requests.filter((it) => it.includes('/.muster/callback')).length).toBe(1)
})

test.skipIf(isImpossible)(
  'a laptop that does not pass is told what to mend; mended, it is let through in seconds',
  async () => {
    const laptop = await company.laptop({ isProtected: false })
    const { page, breaches } = await company.tab()
    await page.goto(wiki())
    await heading(page, 'This laptop does not pass yet')
    await picture(page, 'refused')
    expect(await page.locator(':focus').innerText()).toBe('This laptop does not pass yet')
    const shown = page.getByRole('listitem')
    expect(await shown.count()).toBe(1)
    expect(await shown.innerText()).toMatch(/Endpoint protection/)
    expect(await shown.locator('.fix').innerText()).toMatch(/\w/)
    expect(page.url()).toContain(company.world.issuer)

    laptop.protect(true)
    await press(page, 'Check again')
    await secret(page)
    expect(page.url()).toBe(wiki())
    expect(breaches).toEqual([])
  },
)

test.skipIf(isImpossible)('"Check again" on a laptop that is not mended says so, and keeps it out', async () => {
  await company.laptop({ isProtected: false })
  const { page } = await company.tab()
  await page.goto(wiki())
  await press(page, 'Check again')
  await page.getByText('It is not enough yet.').waitFor()
  await picture(page, 'refused-again')
  expect(await page.getByText(SECRET).count()).toBe(0)
})

test.skipIf(isImpossible)(
  'a laptop that stops to pass loses what is open, with the reason; mended, it comes back',
  async () => {
    const laptop = await company.laptop()
    const { page, breaches } = await company.tab()
    await page.goto(wiki('/open'))
    await secret(page)

    laptop.protect(false)
    await laptop.report()
    const answer = await page.reload()
    expect(answer?.status()).toBe(403)
    await heading(page, 'This laptop does not pass yet')
    await picture(page, 'lost')
    expect(page.url()).toBe(wiki('/open'))
    expect(await page.getByRole('listitem').innerText()).toMatch(/Endpoint protection/)

    laptop.protect(true)
    await press(page, 'Check again')
    await secret(page)
    expect(page.url()).toBe(wiki('/open'))
    expect(breaches).toEqual([])
  },
)

test.skipIf(isImpossible)(
  'where the browser lets no page ask the laptop, the agent asks the person, and leads back',
  async () => {
    const laptop = await company.laptop()
    const { page, requests, breaches } = await company.tab('denied')
    await page.goto(wiki())
    await heading(page, 'This browser does not let the page ask the agent')
    await picture(page, 'blocked')
    expect(requests.filter((it) => it.includes('127.0.0.1'))).toEqual([])

    await goToAgent(page, laptop)
    await heading(page, `Let ${new URL(company.world.issuer).host} know which laptop this is?`)
    await picture(page, 'agent-asks')
    expect(page.url()).toContain(`${laptop.agentUrl}/v1/ask?nonce=`)
    expect(laptop.logged).not.toContain(TOLD)
    await press(page, 'Yes, let it know')
    await secret(page)
    expect(page.url()).toBe(wiki())
    expect(laptop.logged).toContain(TOLD)
    expect(breaches).toEqual([])
  },
)

test.skipIf(isImpossible)('the proof that came through the address does not stay in it', async () => {
  const laptop = await company.laptop({ isProtected: false })
  const { page } = await company.tab('denied')
  await page.goto(wiki())
  await goToAgent(page, laptop)
  await press(page, 'Yes, let it know')
  await heading(page, 'This laptop does not pass yet')
  expect(page.url()).toBe(`${company.world.issuer}/v1/device-check`)
})

test.skipIf(isImpossible)('who is asked by the browser first, and says no, is shown the other way', async () => {
  const laptop = await company.laptop()
  const { page, requests } = await company.tab('dismissed')
  await page.goto(wiki())
  await heading(page, /^Your browser/)
  await picture(page, 'permission')
  expect(requests.filter((it) => it.includes('127.0.0.1'))).toEqual([])
  await press(page, 'Ask the agent')
  await heading(page, 'This browser does not let the page ask the agent')
  await goToAgent(page, laptop)
  await press(page, 'Yes, let it know')
  await secret(page)
  expect(laptop.logged).toContain(TOLD)
})

test.skipIf(isImpossible)('who does not agree on the page of the agent tells nothing, and gets nothing', async () => {
  const laptop = await company.laptop()
  const { page, context, breaches } = await company.tab('denied')
  await page.goto(wiki())
  await goToAgent(page, laptop)
  await press(page, 'No')
  await heading(page, 'Nothing was told')
  await picture(page, 'agent-no')
  expect(laptop.logged).not.toContain(TOLD)
  expect((await context.cookies(wiki())).map(({ name }) => name)).not.toContain('__Host-muster-device')
  expect(breaches).toEqual([])
})

test.skipIf(isImpossible)('without an agent the page says so; once there is one, it goes on', async () => {
  const { page, breaches } = await company.tab()
  await page.goto(wiki())
  await heading(page, 'No agent answers on this laptop')
  await picture(page, 'absent')
  await company.laptop()
  await press(page, 'Try again')
  await secret(page)
  expect(breaches).toEqual([])
})

test.skipIf(isImpossible)('of two agents on a laptop, the one of this collector is asked', async () => {
  const elsewhere = 'https://muster.example.org'
  const other = await openLoopback({
    version: '1.0.0',
    issuer: elsewhere,
    key: fakeDevice(elsewhere),
    collectorTime: () => new Date(),
    ports: AGENT_PORTS,
    log: () => undefined,
  })
  company.closing(other)
  const laptop = await company.laptop()
  const { page } = await company.tab()
  await page.goto(wiki())
  await secret(page)
  expect(laptop.agentUrl).not.toContain(String(other.port))
  expect(laptop.logged).toContain(TOLD)
})

test.skipIf(isImpossible)(
  'a program that only says that it is the agent does not keep the agent from being asked',
  async () => {
    const hello = { product: 'muster-agent', version: '1', issuer: company.world.issuer }
    const failed = Promise.withResolvers<undefined>()
    const server = createServer(({ url, method }, response) => {
      const isProof = url === '/v1/proof' && method === 'POST'
      if (isProof) failed.resolve(undefined)
      const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*', connection: 'close' }
      response.writeHead(isProof ? 500 : 200, headers).end(JSON.stringify(hello))
    })
    await listenLikeAgent(server)
    company.closing({ close: () => server.close() })
    const laptop = await company.laptop()
    const { page } = await company.tab()
    // The other program is faster.
    await page.route(`${laptop.agentUrl}/v1/hello`, async (route) => {
      await failed.promise
      await route.continue()
    })
    await page.goto(wiki())
    await secret(page)
    expect(laptop.logged).toContain(TOLD)
  },
)

test.skipIf(isImpossible).for([
  { name: 'two hours behind', clockOffMs: -2 * 3_600_000 },
  { name: 'a day ahead', clockOffMs: 24 * 3_600_000 },
])('a laptop whose clock is $name passes all the same', async ({ clockOffMs }) => {
  await company.laptop({ clockOffMs })
  const { page } = await company.tab()
  await page.goto(wiki())
  await secret(page)
  expect(page.url()).toBe(wiki())
})

test.skipIf(isImpossible)('pages that are opened at once all come to what they were opened for', async () => {
  await company.laptop()
  const { context } = await company.tab()
  const paths = Array.from({ length: 6 }, (_, n) => `/page/${n}`)
  await Promise.all(
    paths.map(async (path) => {
      const page = await context.newPage()
      await page.goto(wiki(path))
      await secret(page)
      expect(page.url()).toBe(wiki(path))
    }),
  )
})
