import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { unreadable } from '../../shared/fact.ts'
import type { Facts } from '../../shared/signals.ts'
import { codeOf, checkWorld, nextOf, type CheckWorld } from '../fakes/check-world.ts'
import { connectedClient, enrolledClient } from '../fakes/client.ts'
import { healthyFacts, read } from '../fakes/facts.ts'
import type { Visitor } from '../fakes/visitor.ts'

const facts = (otherwise: Partial<Facts> = {}): Facts => ({ ...healthyFacts(new Date()), ...otherwise })

const WIKI = 'https://wiki.example.com/start?x=1'

let world: CheckWorld
beforeAll(async () => {
  world = await checkWorld()
})
afterAll(() => world.close())

const press = (visitor: Visitor, returnTo: string | null, headers: Record<string, string> = {}) =>
  visitor.at('wiki.example.com', '/.muster/check-again', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://wiki.example.com', ...headers },
    body: returnTo === null ? '' : new URLSearchParams({ return: returnTo }).toString(),
  })

/** A laptop of its own that is well, and a browser on it that was refused and has come to the check. */
async function atTheCheck() {
  const client = await enrolledClient(await world.collector.enrollment())
  const conversation = await connectedClient(client)
  await conversation.report(facts())
  const visitor = world.visitor()
  const state = await visitor.refused('wiki.example.com')
  await visitor.open({ return: WIKI, state })
  const prove = async () => {
    const proof = await world.proofOf(await visitor.nonce(), { iss: client.deviceId }, client.device)
    return visitor.post('proof', { proof })
  }
  return { client, conversation, visitor, prove }
}

describe('a laptop that is not good enough', () => {
  test('is told what to mend, and is let in as soon as it is', async () => {
    const client = await enrolledClient(await world.collector.enrollment())
    const conversation = await connectedClient(client)
    const now = new Date()
    await conversation.report(
      facts({
        firewall: read({ kind: 'value', value: { enabled: false } }, now),
        'secure-boot': read(unreadable('access denied'), now),
      }),
    )
    const visitor = world.visitor()
    const state = await visitor.refused('wiki.example.com')
    await visitor.open({ return: WIKI, tier: 'internal', state })
    const proof = await world.proofOf(await visitor.nonce(), { iss: client.deviceId }, client.device)
    const answer = await (await visitor.post('proof', { proof })).json()
    expect(answer).toEqual({
      outcome: 'refused',
      code: 'not-admitted',
      tier: 'internal',
      reason: expect.stringContaining('Firewall'),
      checks: [
        {
          id: 'firewall',
          title: 'Firewall',
          verdict: 'fail',
          why: 'the firewall is off',
          fix: expect.stringContaining('Turn the firewall on'),
        },
        expect.objectContaining({
          id: 'secure-boot',
          verdict: 'unknown',
          why: expect.stringContaining('access denied'),
        }),
      ],
    })

    const again = visitor.post('again', {})
    expect(await conversation.expect('recheck')).toMatchObject({ reason: expect.stringContaining('person') })
    await conversation.report(facts())
    const mended = (await (await again).json()) as { next: string }
    expect(mended).toMatchObject({ outcome: 'admitted', agent: 'reported', checks: [] })
    const next = new URL(mended.next)
    expect((await visitor.at('wiki.example.com', next.pathname + next.search)).status).toBe(303)

    // Later, on the host itself.
    await conversation.report(facts({ firewall: read({ kind: 'value', value: { enabled: false } }, new Date()) }))
    const denied = await visitor.ask('wiki.example.com', '/page?a=1')
    const page = await denied.text()
    expect([denied.status, denied.headers.get('content-security-policy')]).toEqual([
      403,
      expect.stringContaining("frame-ancestors 'none'"),
    ])
    expect(page).toContain('Turn the firewall on')
    const returnTo = /name="return" value="([^"]+)"/.exec(page)?.[1] ?? ''
    expect(returnTo).toBe('https://wiki.example.com/page?a=1')
    const pressed = press(visitor, returnTo)
    await conversation.expect('recheck')
    await conversation.report(facts())
    const back = await pressed
    expect([back.status, back.headers.get('location')]).toEqual([303, returnTo])
    expect((await visitor.ask('wiki.example.com')).status).toBe(200)
    conversation.close()
    await conversation.closed

    // Nobody there to ask: at once, and as it was.
    expect(await (await visitor.post('again', {})).json()).toMatchObject({ outcome: 'admitted', agent: 'away' })
  })

  test.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    'https://wiki.example.com@evil.example/',
    'https://wiki.example.com.evil.example/',
    'javascript:alert(1)',
    'https://wiki.example.com/\r\nset-cookie: a=b',
    null,
    '',
  ])('the button leads nowhere else: %j', async (returnTo) => {
    const back = await press(world.visitor(), returnTo)
    const location = back.headers.get('location') ?? ''
    expect([back.status, new URL(location).origin, back.headers.getSetCookie()]).toEqual([
      303,
      'https://wiki.example.com',
      [],
    ])
  })

  test.each(['https://evil.example', 'null', '', 'https://wiki.example.com.evil.example'])(
    'the button of %j does nothing',
    async (origin) => {
      const answer = await press(world.visitor(), WIKI, { origin })
      expect([answer.status, answer.headers.get('location')]).toEqual([403, null])
      expect(await answer.text()).toContain('page-refused')
    },
  )

  test.each(['cross-site', 'same-site', 'none'])(
    'of which the browser says that it is %s does nothing',
    async (site) => {
      // As from plain HTTP, or from another port of the same name.
      for (const origin of ['http://wiki.example.com', 'https://wiki.example.com:8443', 'https://wiki.example.com']) {
        const answer = await press(world.visitor(), WIKI, { origin, 'sec-fetch-site': site })
        expect([answer.status, answer.headers.get('location'), answer.headers.getSetCookie()]).toEqual([403, null, []])
      }
      expect((await press(world.visitor(), WIKI, { 'sec-fetch-site': 'same-origin' })).status).toBe(303)
    },
  )

  test('a device that is locked out or removed is still named, and denied', async () => {
    const { client, visitor, prove } = await atTheCheck()
    const next = await nextOf(await prove())
    await visitor.at('wiki.example.com', next.pathname + next.search)
    expect((await visitor.ask('wiki.example.com')).status).toBe(200)

    await world.collector.fleet.setStatus(client.deviceId, 'locked-out')
    expect((await visitor.ask('wiki.example.com')).status).toBe(403)
    expect(await (await prove()).json()).toMatchObject({ outcome: 'refused', code: 'device-locked-out', checks: [] })
    await world.collector.fleet.remove(client.deviceId)
    expect((await visitor.ask('wiki.example.com')).status).toBe(403)
    expect(await codeOf(await prove())).toBe('browser-proof-invalid')
    expect(await (await visitor.post('again', {})).json()).toMatchObject({ outcome: 'refused', code: 'device-unknown' })
  })

  test.each([
    ['pending', 'not-admitted'],
    ['locked-out', 'device-locked-out'],
  ] as const)('a device that becomes %s in the middle of its check is named, and denied', async (status, code) => {
    const { client, conversation, visitor, prove } = await atTheCheck()
    const next = await nextOf(await prove())
    await world.collector.fleet.setStatus(client.deviceId, status)
    expect((await visitor.at('wiki.example.com', next.pathname + next.search)).status).toBe(303)
    const denied = await visitor.ask('wiki.example.com')
    expect([denied.status, denied.headers.get('x-posture-device-id')]).toEqual([403, client.deviceId])
    const refused = (await (await prove()).json()) as { reason: string }
    expect(refused).toMatchObject({ outcome: 'refused', code, checks: [] })
    expect(refused).not.toHaveProperty('next')
    expect(refused.reason).toMatch(/admin/)
    conversation.close()
  })

  test('a browser that was moved to another laptop, or whose laptop was enrolled anew, is checked anew', async () => {
    const { client, conversation, visitor, prove } = await atTheCheck()
    const next = await nextOf(await prove())
    await visitor.at('wiki.example.com', next.pathname + next.search)
    // As long as its agent is there, the browser stays bound.
    const pressed = press(visitor, WIKI)
    await conversation.expect('recheck')
    await conversation.report(facts())
    expect((await pressed).headers.getSetCookie()).toEqual([])
    conversation.close()
    await conversation.closed
    await world.collector.fleet.remove(client.deviceId)
    expect((await visitor.ask('wiki.example.com')).status).toBe(403)

    const back = await press(visitor, WIKI)
    expect([back.status, back.headers.get('location'), back.headers.getSetCookie()]).toEqual([
      303,
      WIKI,
      ['__Host-muster-device=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax'],
    ])
    expect((await visitor.ask('wiki.example.com')).status).toBe(401)
    const anew = await world.checked(visitor)
    await visitor.at('wiki.example.com', anew.pathname + anew.search)
    expect((await visitor.ask('wiki.example.com')).status).toBe(200)
  })

  test('is on record', async () => {
    const client = await enrolledClient(await world.collector.enrollment())
    const visitor = world.visitor()
    await visitor.open({ return: `${WIKI}&secret=1`, tier: 'internal' })
    const proof = await world.proofOf(await visitor.nonce(), { iss: client.deviceId }, client.device)
    expect(await (await visitor.post('proof', { proof })).json()).toMatchObject({ outcome: 'refused' })
    const url = `${world.collector.issuerUrl}/v1/admin/audit?limit=1000`
    const admin = { authorization: `Bearer ${await world.collector.gatewayKey('admin')}` }
    const { items } = (await (await fetch(url, { headers: admin })).json()) as { items: { device?: string }[] }
    expect(items.filter(({ device }) => device === client.deviceId)).toMatchObject([
      {
        by: 'device-check',
        provedBy: 'browser',
        tier: 'internal',
        resource: 'https://wiki.example.com/start',
        client: '127.0.0.1',
      },
    ])
    const metrics = await (await fetch(`${world.collector.issuerUrl}/metrics`)).text()
    expect(metrics).toMatch(/muster_decisions_total\{answer="deny",by="device-check"\} [1-9]/)
  })
})
