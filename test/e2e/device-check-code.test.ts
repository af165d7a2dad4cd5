import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkWorld, nextOf, type CheckWorld } from '../fakes/check-world.ts'
import type { Visitor } from '../fakes/visitor.ts'

const WIKI = 'https://wiki.example.com/start?x=1'

let world: CheckWorld
beforeAll(async () => {
  world = await checkWorld()
})
afterAll(() => world.close())

const spend = (visitor: Visitor, { pathname, search }: URL, host = 'wiki.example.com') =>
  visitor.at(host, pathname + search)

describe('codes', () => {
  test('are good once', async () => {
    const visitor = world.visitor()
    const next = await world.checked(visitor)
    expect((await spend(visitor, next)).status).toBe(303)
    // The page is loaded again, or the browser asks for it twice by itself: it goes on, and nothing is set anew.
    const again = await spend(visitor, next)
    expect([again.status, again.headers.get('location'), again.headers.getSetCookie()]).toEqual([303, WIKI, []])
    visitor.jarOf('wiki.example.com').clear()
    const later = await spend(visitor, next)
    expect([later.status, later.headers.getSetCookie()]).toEqual([400, []])
    const page = await later.text()
    expect(page).toContain('This link is used up')
    expect(page).toContain(`href="${WIKI}"`)
  })

  test('bind nobody whose answer was lost on its way, and lead back to begin again', async () => {
    const visitor = world.visitor()
    const next = await world.checked(visitor)
    const before = new Map(visitor.jarOf('wiki.example.com'))
    await spend(visitor, next)
    visitor.jarOf('wiki.example.com').clear()
    for (const [name, value] of before) visitor.jarOf('wiki.example.com').set(name, value)
    const again = await spend(visitor, next)
    expect([again.status, again.headers.getSetCookie()]).toEqual([400, []])
    expect(await again.text()).toContain(`href="${WIKI}"`)
  })

  test('do not count where a neighbour has planted a cookie that looks like the state', async () => {
    const attacker = world.visitor()
    const victim = world.visitor()
    const next = await world.checked(attacker)
    const state = attacker.jarOf('wiki.example.com').get('__Host-muster-state')!
    // To a browser this is another name, so it takes it from any host below the same domain.
    victim.jarOf('wiki.example.com').set('\u00a0__Host-muster-state', state)
    const lured = await spend(victim, next)
    expect([lured.status, lured.headers.getSetCookie()]).toEqual([400, []])
  })

  test('are worth nothing in another browser: nobody can be signed in as somebody else', async () => {
    const attacker = world.visitor()
    const victim = world.visitor()
    await victim.refused('wiki.example.com')
    const next = await world.checked(attacker)
    const lured = await spend(victim, next)
    expect([lured.status, lured.headers.getSetCookie()]).toEqual([400, []])
    expect((await victim.ask('wiki.example.com')).status).toBe(401)
    // Nor in the first one, now that it was shown.
    expect((await spend(attacker, next)).status).toBe(400)
  })

  test('do not lead somebody else’s browser to the device of the one who was sent here', async () => {
    // The attacker is refused, and has the owner of a good laptop open the link: their page proves, their browser goes on.
    const attacker = world.visitor()
    const state = await attacker.refused('wiki.example.com')
    const owner = world.visitor()
    await owner.open({ return: WIKI, tier: 'internal', state })
    const answer = await owner.post('proof', { proof: await world.proofOf(await owner.nonce()) })
    const next = await nextOf(answer)
    const end = await spend(owner, next)
    expect([end.status, end.headers.getSetCookie()]).toEqual([400, []])
    expect((await spend(attacker, next)).status).toBe(400)
  })

  test('are of one host', async () => {
    const visitor = world.visitor()
    const next = await world.checked(visitor)
    visitor
      .jarOf('docs.example.com')
      .set('__Host-muster-state', visitor.jarOf('wiki.example.com').get('__Host-muster-state')!)
    expect((await spend(visitor, next, 'docs.example.com')).status).toBe(400)
    expect((await spend(visitor, next)).status).toBe(400)
  })

  test('end after a minute', async () => {
    const visitor = world.visitor()
    const next = await world.checked(visitor)
    const { now } = world.collector.clock
    try {
      world.collector.clock.now = new Date(now.getTime() + 60_000)
      expect((await spend(visitor, next)).status).toBe(400)
    } finally {
      world.collector.clock.now = now
    }
  })

  test.each(['', '?code=', '?code=x', '?code=x&code=y', '?code[]=x', '?code=%00'])(
    'are not made up: %j',
    async (search) => {
      const visitor = world.visitor()
      for (const accept of ['text/html', 'application/json']) {
        const answer = await visitor.at('wiki.example.com', `/.muster/callback${search}`, { headers: { accept } })
        expect([answer.status, answer.headers.getSetCookie()]).toEqual([400, []])
      }
    },
  )

  test('a HEAD does not spend one', async () => {
    const visitor = world.visitor()
    const next = await world.checked(visitor)
    const head = await visitor.at('wiki.example.com', next.pathname + next.search, { method: 'HEAD' })
    expect(head.status).toBe(404)
    expect((await spend(visitor, next)).status).toBe(303)
  })

  test('only a gateway asks for them', async () => {
    const visitor = world.visitor()
    const next = await world.checked(visitor)
    const path = next.pathname + next.search
    const without = await visitor.at('wiki.example.com', path, { headers: { 'muster-gateway-key': 'mgw_x' } })
    expect([without.status, without.headers.getSetCookie()]).toEqual([401, []])
    expect((await visitor.at('wiki.example.com', '/.muster/other')).status).toBe(404)
    expect((await spend(visitor, next)).status).toBe(303)
  })
})
