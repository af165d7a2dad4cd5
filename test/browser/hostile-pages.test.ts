import { createServer } from 'node:http'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { SECRET } from '../gateways/application.ts'
import { picture } from './chromium.ts'
import { heading, isImpossible, listenLikeAgent, openCompany, press } from './company.ts'

const company = openCompany()
const TOLD = 'a browser was told which laptop this is'
const BLOCKED = 'This browser does not let the page ask the agent'
const NONCE = 'nonce-nonce-nonce-nonce'

const wiki = (path = '/') => `${company.world.sites.wiki}${path}`
const checkUrl = (returnTo: string) => `${company.world.issuer}/v1/device-check?return=${encodeURIComponent(returnTo)}`
const isBound = async (page: Page) =>
  (await page.context().cookies(wiki())).some(({ name }) => name === '__Host-muster-device')

type Init = { method?: string; mode?: 'no-cors'; headers?: Record<string, string>; body?: string }

/** What a script of the page gets when it asks; the name of the error where it gets nothing. */
function ask(page: Page, url: string, init: Init = {}): Promise<string> {
  return page.evaluate(
    ([address, options]) =>
      fetch(address, options).then(
        async (answer) => `${answer.type} ${answer.status} ${await answer.text()}`,
        (error: Error) => error.name,
      ),
    [url, init] as const,
  )
}

const isLink = (url: URL) => url.pathname === '/.muster/callback'
const json = (body: object): Init => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** A page that the device check has begun for, but that has not asked any agent. */
async function atCheck(page: Page): Promise<void> {
  await page.goto(wiki('/begun'))
  await heading(page, BLOCKED)
}

const nonceOf = async (page: Page): Promise<string> =>
  JSON.parse((await ask(page, '/v1/device-check/nonce', json({}))).replace('basic 200 ', '')).nonce

/** The proof of this laptop for a nonce, as the page of the issuer gets it. */
const proofFor = async (page: Page, agentUrl: string, nonce: string): Promise<string> =>
  JSON.parse((await ask(page, `${agentUrl}/v1/proof`, json({ nonce }))).replace('cors 200 ', '')).proof

test.skipIf(isImpossible)(
  'a page of somebody else that may reach the laptop learns nothing from its agent',
  async () => {
    const { agentUrl, logged } = await company.laptop()
    const { page, context } = await company.tab()
    await context.grantPermissions(['local-network-access'], { origin: company.world.evil })
    await page.goto(company.world.evil)
    expect(await ask(page, `${agentUrl}/v1/hello`)).toBe('TypeError')
    expect(await ask(page, `${agentUrl}/v1/proof`, json({ nonce: NONCE }))).toBe('TypeError')
    const opaque = { mode: 'no-cors', method: 'POST', body: JSON.stringify({ nonce: NONCE }) } as const
    expect(await ask(page, `${agentUrl}/v1/proof`, opaque)).toBe('TypeError')
    expect(await ask(page, `${agentUrl}/v1/ask?nonce=${NONCE}`, { mode: 'no-cors' })).toBe('TypeError')
    expect(logged).not.toContain(TOLD)
  },
)

/** A server of somebody else on the first port that an agent would take. */
async function listening(html: string): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', connection: 'close' }).end(html)
  })
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { port: await listenLikeAgent(server), close }
}

test.skipIf(isImpossible)(
  'a name of somebody else that leads to this machine is answered with nothing (DNS rebinding)',
  async () => {
    const { page } = await company.tab()
    // What that name served before it led to the agent is of the same origin as the agent.
    const before = await listening('<title>evil</title>')
    const rebound = `http://rebound.example.net:${before.port}`
    await page.goto(rebound)
    await before.close()
    const { logged } = await company.laptop({ ports: [before.port] })
    expect(await ask(page, '/v1/hello')).toBe('basic 403 ')
    expect(await ask(page, '/v1/proof', json({ nonce: NONCE }))).toBe('basic 403 ')
    expect(await ask(page, `/v1/ask?nonce=${NONCE}`)).toBe('basic 403 ')
    const opened = page.waitForResponse(`${rebound}/v1/ask?nonce=${NONCE}`)
    await page.goto(`${rebound}/v1/ask?nonce=${NONCE}`).catch(() => undefined)
    expect((await opened).status()).toBe(403)
    expect(logged).not.toContain(TOLD)
  },
)

test.skipIf(isImpossible)('a form of somebody else does not answer for the person', async () => {
  const { agentUrl, logged } = await company.laptop()
  const { page } = await company.tab()
  await page.goto(company.world.evil)
  const answered = page.waitForResponse(`${agentUrl}/v1/ask`)
  const fields = Object.entries({ nonce: NONCE, token: '1.forged', answer: 'yes' })
  const inputs = fields.map(([name, value]) => `<input name="${name}" value="${value}">`)
  await page.setContent(`<form action="${agentUrl}/v1/ask" method="post">${inputs.join('')}<button>Win</button></form>`)
  await press(page, 'Win')
  expect((await answered).status()).toBe(403)
  expect(logged).not.toContain(TOLD)
})

test.skipIf(isImpossible)('the page on which the agent asks stands in no frame', async () => {
  const { agentUrl, logged } = await company.laptop()
  const { page, context } = await company.tab()
  await context.grantPermissions(['local-network-access'], { origin: company.world.evil })
  await page.goto(company.world.evil)
  const answered = page.waitForResponse((response) => response.url().includes('/v1/ask'))
  await page.setContent(`<iframe src="${agentUrl}/v1/ask?nonce=${NONCE}"></iframe>`)
  expect((await answered).status()).toBe(403)
  expect(logged).not.toContain(TOLD)
})

test.skipIf(isImpossible)(
  'who is led to the agent with the nonce of another browser proves nothing to anybody (relay)',
  async () => {
    const { agentUrl, logged } = await company.laptop()
    const [attacker, victim] = [await company.tab('denied'), await company.tab()]
    await atCheck(attacker.page)
    const nonce = await nonceOf(attacker.page)

    // The person agrees, even so.
    await victim.page.goto(`${agentUrl}/v1/ask?nonce=${nonce}`)
    await press(victim.page, 'Yes, let it know')
    await heading(victim.page, 'The check could not be done')
    await picture(victim.page, 'relayed')
    expect(logged).toContain(TOLD)
    expect(victim.page.url()).toBe(`${company.world.issuer}/v1/device-check`)
    expect([await isBound(victim.page), await isBound(attacker.page)]).toEqual([false, false])
    await attacker.page.goto(wiki('/mine'))
    expect(await attacker.page.getByText(SECRET).count()).toBe(0)
  },
)

test.skipIf(isImpossible)('a proof that was overheard is worth nothing in another browser', async () => {
  const { agentUrl } = await company.laptop()
  const [victim, thief] = [await company.tab(), await company.tab('denied')]
  await victim.page.goto(`${company.world.issuer}/v1/device-check`)
  const proof = await proofFor(victim.page, agentUrl, await nonceOf(victim.page))
  await atCheck(thief.page)
  expect(await ask(thief.page, '/v1/device-check/proof', json({ proof }))).toMatch(
    /^basic 40\d .*"code":"browser-proof-invalid"/,
  )
  expect(await ask(victim.page, '/v1/device-check/proof', json({ proof }))).toMatch(/^basic 200 .*"outcome":"admitted"/)
})

test.skipIf(isImpossible)('a proof is good once', async () => {
  const { agentUrl } = await company.laptop()
  const { page } = await company.tab()
  await page.goto(`${company.world.issuer}/v1/device-check`)
  await heading(page, 'This laptop passes')
  const proof = await proofFor(page, agentUrl, await nonceOf(page))
  expect(await ask(page, '/v1/device-check/proof', json({ proof }))).toMatch(/^basic 200 /)
  expect(await ask(page, '/v1/device-check/proof', json({ proof }))).toMatch(
    /^basic 40\d .*"code":"browser-proof-invalid"/,
  )
})

test.skipIf(isImpossible).for([
  { name: 'that never was at the host', isThere: false, says: 'This link is used up' },
  // It begins again, and needs a proof of its own.
  { name: 'that is in the middle of a check of its own', isThere: true, says: BLOCKED },
])('the link that ends a check is worth nothing in a browser $name', async ({ isThere, says }) => {
  await company.laptop()
  const [attacker, victim] = [await company.tab(), await company.tab('denied')]
  // It is caught on its way, and not used.
  await attacker.page.route(isLink, (route) => route.abort())
  const caught = attacker.page.waitForRequest((request) => isLink(new URL(request.url())))
  await attacker.page.goto(wiki('/mine')).catch(() => undefined)
  const link = (await caught).url()
  if (isThere) await atCheck(victim.page)
  const answer = await victim.page.goto(link)
  expect(answer?.status()).toBe(400)
  await heading(victim.page, says)
  expect(await isBound(victim.page)).toBe(false)
})

const ELSEWHERE = [
  'https://evil.example.net/',
  'https://wiki.example.com@evil.example.net/',
  'https://wiki.example.com.evil.example.net/',
  'https://evil.example.net\\@wiki.example.com/',
  '//evil.example.net/',
  'javascript:alert(1)',
  'data:text/html,hello',
  'http://wiki.example.com/',
]
test.skipIf(isImpossible)('the device check leads nowhere but to protected hosts', async () => {
  await company.laptop()
  const { page, requests } = await company.tab()
  for (const returnTo of ELSEWHERE) {
    const answer = await page.goto(checkUrl(returnTo))
    expect(answer?.status()).toBe(400)
    await heading(page, 'This address cannot be checked')
  }
  await picture(page, 'foreign-address')
  expect(requests).toEqual(ELSEWHERE.map((returnTo) => `GET ${checkUrl(returnTo)}`))
})

test.skipIf(isImpossible)('nothing in an address runs as a script', async () => {
  await company.laptop()
  const { page, breaches } = await company.tab()
  const script = '<img src=x onerror=document.title=1>'
  await page.goto(`${checkUrl(`${wiki()}?q=${script}`)}&tier=${script}&state=${script}#proof=${script}`)
  await heading(page, 'The check could not be done')
  await page.goto(wiki(`/${script}?${script}`))
  await page.getByText(SECRET).waitFor()
  expect(breaches).toEqual([])
  expect(await page.title()).not.toBe('1')
})

test.skipIf(isImpossible)('pages of the device check stand in no frame', async () => {
  const { page } = await company.tab()
  await page.goto(company.world.evil)
  const src = `${company.world.issuer}/v1/device-check`
  const violation = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'))
  await page.setContent(`<iframe src="${src}"></iframe>`)
  expect((await violation).type()).toBe('error')
})
