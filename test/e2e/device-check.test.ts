import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, checkWorld, nextOf, type CheckWorld } from '../fakes/check-world.ts'

const WIKI = 'https://wiki.example.com/start?x=1'

let world: CheckWorld
beforeAll(async () => {
  world = await checkWorld()
})
afterAll(() => world.close())

/** The tier that a page shows. */
async function tierOf(search: Record<string, string>): Promise<string | undefined> {
  const page = await world.visitor().open(search)
  return /class="tier">([^<]*)</.exec(await page.text())?.[1]
}

const open = async (returnTo: string) => (await world.visitor().open({ return: returnTo })).status

describe('the whole way', () => {
  test('leads from a refusal through the agent back to the page that was asked for', async () => {
    const visitor = world.visitor()
    const refused = await visitor.ask('wiki.example.com')
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([
      401,
      [
        expect.stringMatching(
          /^__Host-muster-state=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax$/,
        ),
      ],
    ])
    const link = /url=([^"]+)"/.exec(await refused.text())?.[1]?.replaceAll('&amp;', '&') ?? ''
    const asked = new URL(link)
    expect(asked.origin + asked.pathname).toBe(`${world.collector.issuerUrl}/v1/device-check`)
    expect(asked.searchParams.get('return')).toBe(WIKI)

    const page = await visitor.open(Object.fromEntries(asked.searchParams))
    expect(page.status).toBe(200)
    expect(page.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-muster-check=[A-Za-z0-9_.-]+; Path=\/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ])
    const issued = await visitor.post('nonce', {})
    const { nonce, ports } = (await issued.json()) as { nonce: string; ports: number[] }
    expect([issued.headers.get('cache-control'), ports]).toEqual(['no-store', [7411, 7412, 7413, 7414, 7415]])
    const proved = await visitor.post('proof', { proof: await world.proofOf(nonce) })
    const answer = (await proved.json()) as { next: string }
    expect(answer).toMatchObject({ outcome: 'admitted', tier: 'internal', checks: [] })

    const next = new URL(answer.next)
    expect([next.origin, next.pathname]).toEqual(['https://wiki.example.com', '/.muster/callback'])
    const back = await visitor.at('wiki.example.com', next.pathname + next.search)
    expect([back.status, back.headers.get('location'), back.headers.get('cache-control')]).toEqual([
      303,
      WIKI,
      'no-store',
    ])
    expect(back.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-muster-device=[A-Za-z0-9_.-]+; Path=\/; Max-Age=28800; HttpOnly; Secure; SameSite=Lax$/,
      ),
      '__Host-muster-state=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax',
    ])
    const allowed = await visitor.ask('wiki.example.com')
    expect([allowed.status, allowed.headers.get('x-posture-device-id')]).toEqual([200, world.good.deviceId])
  })

  test('a browser is bound on that host alone, by what was written for it alone', async () => {
    const visitor = world.visitor()
    const next = await world.checked(visitor)
    await visitor.at('wiki.example.com', next.pathname + next.search)
    const cookie = visitor.jarOf('wiki.example.com').get('__Host-muster-device')!
    expect((await visitor.ask('wiki.example.com:8443')).status).toBe(401) // another jar, in this test
    visitor.jarOf('docs.example.com').set('__Host-muster-device', cookie)
    expect((await visitor.ask('docs.example.com')).status).toBe(401)
    for (const it of [
      '',
      'x',
      `${cookie}x`,
      cookie.replace('.', '..'),
      cookie.replace(/^./, (c) => (c === 'e' ? 'f' : 'e')),
    ]) {
      visitor.jarOf('wiki.example.com').set('__Host-muster-device', it)
      expect((await visitor.ask('wiki.example.com')).status).toBe(401)
    }
    visitor.jarOf('wiki.example.com').set('__Host-muster-device', cookie)
    expect((await visitor.ask('WIKI.example.com')).status).toBe(401) // another jar again
    expect((await visitor.ask('wiki.example.com')).status).toBe(200)
  })

  test('the key is for the eyes of the world.collector alone', () => {
    expect(statSync(join(world.collector.folder, 'collector', 'browser-key')).mode & 0o777).toBe(0o600)
  })

  test('two tabs go back each to where it came from', async () => {
    const visitor = world.visitor()
    const state = await visitor.refused('wiki.example.com')
    expect(await visitor.refused('wiki.example.com')).toBe(state)
    const pages = []
    for (const path of ['/one', '/two']) {
      const page = await visitor.open({ return: `https://wiki.example.com${path}`, tier: 'internal', state })
      pages.push(/data-ticket="([^"]+)"/.exec(await page.text())?.[1])
    }
    const nexts = []
    for (const ticket of pages) {
      const answer = await visitor.post('proof', { proof: await world.proofOf(await visitor.nonce()), ticket })
      nexts.push(await nextOf(answer))
    }
    const ends = []
    for (const { pathname, search } of nexts) {
      const back = await visitor.at('wiki.example.com', pathname + search)
      ends.push([back.status, back.headers.get('location'), back.headers.getSetCookie().length])
    }
    // The second finds the state gone, and the browser bound: it changes nothing of that.
    expect(ends).toEqual([
      [303, 'https://wiki.example.com/one', 2],
      [303, 'https://wiki.example.com/two', 0],
    ])
  })

  test('does not have a form that is refused left behind, and does not lead a page back to it', async () => {
    const visitor = world.visitor()
    const headers = { 'x-forwarded-uri': '/save', 'x-forwarded-proto': 'https', 'x-forwarded-method': 'POST' }
    const refused = await visitor.at('wiki.example.com', '/v1/forward-auth/-', { headers })
    const page = await refused.text()
    expect([refused.status, /<script|http-equiv="refresh"/.test(page)]).toEqual([401, false])
    expect(page).toContain('not passed on')
    const link = new URL((/href="([^"]+)" target="_blank"/.exec(page)?.[1] ?? '').replaceAll('&amp;', '&'))
    expect(link.searchParams.get('return')).toBe('https://wiki.example.com/')
    // What is asked for by a script gets no page.
    const json = await visitor.at('wiki.example.com', '/v1/forward-auth/-', { headers: { ...headers, accept: '*/*' } })
    expect([json.status, await codeOf(json), json.headers.getSetCookie()]).toEqual([401, 'device-not-named', []])

    // Admitted between the question of the gateway and that for the page: what was sent would not come along.
    const next = await world.checked(visitor)
    await visitor.at('wiki.example.com', next.pathname + next.search)
    const shown = (accept: string, more = {}) =>
      visitor.at('wiki.example.com', '/v1/forward-auth/-', {
        headers: { ...headers, 'muster-page': '1', accept, ...more },
      })
    expect((await shown('text/html', { 'x-forwarded-method': 'GET' })).status).toBe(303)
    const once = await shown('text/html')
    expect([once.status, await once.text()]).toEqual([403, expect.stringContaining('Load this page again')])
    const script = await shown('*/*')
    expect([script.status, await codeOf(script)]).toEqual([403, 'not-admitted'])
  })

  test('without anybody who sent it, the page only tells', async () => {
    const visitor = world.visitor()
    expect((await visitor.open({})).status).toBe(200)
    const answer = await visitor.post('proof', { proof: await world.proofOf(await visitor.nonce()) })
    expect(await answer.json()).toEqual({ outcome: 'admitted', tier: 'internal', reason: '', checks: [] })
  })

  test('without a state there is no code, and the host sends the browser once more', async () => {
    const visitor = world.visitor()
    await visitor.open({ return: WIKI })
    const answer = await visitor.post('proof', { proof: await world.proofOf(await visitor.nonce()) })
    expect(((await answer.json()) as { next: string }).next).toBe(WIKI)
  })
})

describe('the page', () => {
  test('is of this moment, runs nothing but its own script, and nobody frames it', async () => {
    const page = await world.visitor().open({ return: WIKI })
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(Object.fromEntries(page.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"])
      expect(policy).toContain(part)
    expect(policy).toMatch(/connect-src 'self'( http:\/\/127\.0\.0\.1:741[1-5]){5};/)
    expect(policy).not.toMatch(/unsafe|\*/)
    expect(await page.text()).toContain('https://intranet.example.com/agent')
  })

  test.each([
    { return: 'https://evil.example/' },
    { return: '//evil.example' },
    { return: 'https://wiki.example.com@evil.example/' },
    { return: 'http://wiki.example.com/' },
    { return: '' },
    { return: `https://wiki.example.com/${'x'.repeat(2000)}` },
  ])('never leads elsewhere: %#', async (search) => {
    const page = await world.visitor().open(search)
    expect([page.status, page.headers.get('location'), page.headers.getSetCookie()]).toEqual([400, null, []])
    expect(await page.text()).toContain('return-refused')
    const problem = await world.visitor().open(search, { accept: 'application/json' })
    expect([problem.status, await codeOf(problem)]).toEqual([400, 'return-refused'])
  })

  test.each(['return=https://a.example&return=https://wiki.example.com', 'tier=a&tier=b', 'state=a&state=b'])(
    'refuses what can be read in two ways: %s',
    async (search) => {
      const answer = await fetch(`${world.collector.issuerUrl}/v1/device-check?${search}`)
      expect(answer.status).toBe(400)
    },
  )

  test('shows what it was given as text', async () => {
    const page = await world
      .visitor()
      .open({ return: WIKI, tier: '"><script>alert(1)</script>', state: '"><img src=x>' })
    const text = await page.text()
    expect([page.status, text.includes('alert(1)'), text.includes('<img')]).toEqual([200, false, false])
    const bad = await world.visitor().open({ return: 'https://evil.example"><script>alert(1)</script>' })
    expect(await bad.text()).not.toContain('<script>alert')
  })

  test('has the tier that the address needs where it is asked for none that there is', async () => {
    expect(await tierOf({ return: WIKI })).toBe('internal')
    expect(await tierOf({ return: 'https://wiki.example.com/payroll/x' })).toBe('confidential')
    expect(await tierOf({ return: WIKI, tier: 'confidential' })).toBe('confidential')
    expect(await tierOf({ return: WIKI, tier: 'secret' })).toBe('internal')
  })

  test('is shown at the address that the agents answer', async () => {
    const port = new URL(world.collector.issuerUrl).port
    const answer = await fetch(`http://localhost:${port}/v1/device-check?return=https%3A%2F%2Fwiki.example.com%2F`, {
      redirect: 'manual',
    })
    expect([answer.status, answer.headers.get('location'), answer.headers.getSetCookie()]).toEqual([
      302,
      `${world.collector.issuerUrl}/v1/device-check?return=https%3A%2F%2Fwiki.example.com%2F`,
      [],
    ])
  })

  test('may go back to a host that a gateway was registered with, until that is revoked', async () => {
    const made = (await (
      await fetch(`${world.collector.issuerUrl}/v1/admin/gateways`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${await world.collector.gatewayKey('admin')}`,
        },
        body: JSON.stringify({ name: 'app', scopes: ['decide'], hosts: ['App.example.com:8443'] }),
      })
    ).json()) as { id: string; hosts: string[] }
    expect(made.hosts).toEqual(['app.example.com:8443'])
    expect(await open('https://app.example.com:8443/x')).toBe(200)
    expect(await open('https://app.example.com/x')).toBe(400)
    const admin = { authorization: `Bearer ${await world.collector.gatewayKey('admin')}` }
    await fetch(`${world.collector.issuerUrl}/v1/admin/gateways/${made.id}`, { method: 'DELETE', headers: admin })
    expect(await open('https://app.example.com:8443/x')).toBe(400)
  })
})

test('a check and a session outlive a restart, and a session its hours not', async () => {
  const visitor = world.visitor()
  const next = await world.checked(visitor)
  await visitor.at('wiki.example.com', next.pathname + next.search)
  const other = world.visitor()
  await other.open({ return: WIKI })
  const nonce = await other.nonce()
  await world.restart()

  expect((await visitor.ask('wiki.example.com')).status).toBe(200)
  // What was spent is forgotten, so nothing of before counts.
  expect(await codeOf(await other.post('proof', { proof: await world.proofOf(nonce) }))).toBe('browser-proof-invalid')
  expect((await other.post('proof', { proof: await world.proofOf(await other.nonce()) })).status).toBe(200)

  const { now } = world.collector.clock
  world.collector.clock.now = new Date(now.getTime() + 8 * 3_600_000 - 60_000)
  expect((await visitor.ask('wiki.example.com')).status).toBe(403) // known, and stale
  world.collector.clock.now = new Date(now.getTime() + 8 * 3_600_000)
  expect((await visitor.ask('wiki.example.com')).status).toBe(401)
})
