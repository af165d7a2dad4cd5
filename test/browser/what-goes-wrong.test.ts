import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { unprovedPage } from '../../collector/http/pages/unproved.ts'
import { SECRET } from '../gateways/application.ts'
import { picture } from './chromium.ts'
import { heading, isImpossible, openCompany, press } from './company.ts'

const company = openCompany()

/** Waits until the application itself has answered. */
const secret = (page: Page) => page.getByText(SECRET).waitFor()
const wiki = (path = '/minutes?of=may#end') => `${company.world.sites.wiki}${path}`

test.skipIf(isImpossible)('a collector that does not answer any more is said to be the reason', async () => {
  await company.laptop()
  const { page } = await company.tab()
  await page.route('**/v1/device-check/nonce', (route) => route.abort())
  await page.goto(wiki())
  await heading(page, 'The check could not be done')
  await picture(page, 'problem')
  expect(await page.getByText('The collector does not answer.').count()).toBe(1)
  await page.unroute('**/v1/device-check/nonce')
  await press(page, 'Start again')
  await secret(page)
})

test.skipIf(isImpossible)('where the cookie is lost on its way, the browser does not go round and round', async () => {
  await company.laptop()
  const { page } = await company.tab()
  // As where a gateway does not pass the cookie on.
  let ends = 0
  await page.route(
    ({ pathname }) => pathname === '/.muster/callback',
    (route) => {
      ends += 1
      return route.fulfill({ status: 303, headers: { location: wiki('/minutes') } })
    },
  )
  await page.goto(wiki())
  await page.getByText('came here again each time').waitFor()
  await picture(page, 'circles')
  expect(ends).toBe(5)
})

test.skipIf(isImpossible)('"Check again" on the protected host says that it was done', async () => {
  const laptop = await company.laptop()
  const { page, breaches } = await company.tab()
  await page.goto(wiki())
  await secret(page)
  laptop.protect(false)
  await laptop.report()
  await page.reload()
  await heading(page, 'This laptop does not pass yet')
  await press(page, 'Check again')
  await page.getByText('It is not enough yet.').waitFor()
  expect(page.url()).toBe(wiki())
  expect(await page.locator(':focus').innerText()).toContain('It is not enough yet.')
  expect(breaches).toEqual([])
})

test.skipIf(isImpossible)('a form that is refused stays where it is, and goes on after the check', async () => {
  await company.laptop()
  const { page, context, breaches } = await company.tab()
  await page.goto(wiki('/form'))
  await secret(page)
  await context.clearCookies()
  await page.setContent(
    '<form method="post" action="/save"><input name="text" value="long work"><button>Save</button></form>',
  )
  await press(page, 'Save')
  await heading(page, 'What you sent has to wait')
  await picture(page, 'sent')
  const [tab] = await Promise.all([context.waitForEvent('page'), page.getByRole('link').click()])
  await secret(tab)
  await page.reload()
  await secret(page)
  const saved = company.world.application.arrived.filter(({ url }) => url === '/save')
  expect(saved).toMatchObject([{ method: 'POST', body: 'text=long+work' }])
  expect(breaches).toEqual([])
})

test.skipIf(isImpossible)('a browser that keeps nothing is told that it has to', async () => {
  await company.laptop()
  const { page, breaches } = await company.tab()
  await page.addInitScript(() =>
    Object.defineProperty(globalThis, 'sessionStorage', {
      get: () => {
        throw new Error('no')
      },
    }),
  )
  // As where cookies of the collector are blocked.
  await page.route('**/v1/device-check/nonce', async (route) => {
    await page.context().clearCookies({ name: '__Host-muster-check' })
    await route.continue()
  })
  await page.goto(wiki())
  await page.getByText('let the browser keep cookies').waitFor()
  expect(breaches).toEqual([])
})

test.skipIf(isImpossible)('a page that was left open over night goes on all the same', async () => {
  const laptop = await company.laptop({ isProtected: false })
  const { page, context, breaches } = await company.tab()
  await page.goto(wiki())
  await heading(page, 'This laptop does not pass yet')
  // Those of the host and those of the check are over.
  await context.clearCookies()
  laptop.protect(true)
  await laptop.report()
  await press(page, 'Check again')
  await secret(page)
  expect(page.url()).toBe(wiki())
  expect(breaches).toEqual([])
})

test.skipIf(isImpossible)('whoever goes back from what was checked comes to where they were before', async () => {
  await company.laptop()
  const { page } = await company.tab()
  await page.goto(`${company.world.evil}/before`)
  await page.evaluate(`location.assign(${JSON.stringify(wiki())})`)
  await secret(page)
  await page.goBack()
  expect(page.url()).toBe(`${company.world.evil}/before`)
})

test.skipIf(isImpossible)(
  'a gateway that adds a policy of its own, by which no script runs, leads on all the same',
  async () => {
    await company.laptop()
    const { page } = await company.tab()
    const returnTo = encodeURIComponent(wiki('/other'))
    const { html: body } = unprovedPage({ checkUrl: `${company.world.issuer}/v1/device-check?return=${returnTo}` })
    const headers = { 'content-type': 'text/html', 'content-security-policy': "script-src 'none'" }
    await page.route(
      ({ pathname }) => pathname === '/minutes',
      (route) => route.fulfill({ status: 401, headers, body }),
    )
    await page.goto(wiki())
    await secret(page)
    expect(page.url()).toBe(wiki('/other'))
  },
)
