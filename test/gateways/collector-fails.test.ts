import { expect, test } from 'vitest'
import { onEachGateway } from './bench.ts'
import { SECRET } from './application.ts'
import { ask } from './client.ts'
import { BROWSER, expectPage, expectProblem } from './replies.ts'

onEachGateway(
  'is closed, and says so, where the collector',
  ({ gateway, world, door, cookie, sendKnown, asked, arrived, refusedWith }) => {
    test.each([
      ['hangs up', 'hangs-up'],
      ['says nothing', 'silent'],
      ['fails', { status: 500 }],
      ['is behind a proxy that fails', { status: 502, body: '<h1>Bad gateway</h1>' }],
      ['is starting', { status: 503 }],
      ['sends elsewhere', { status: 302, headers: { location: 'https://evil.example.com/' } }],
      ['has moved', { status: 301, headers: { location: 'https://evil.example.com/' } }],
      ['knows no such address', { status: 404 }],
      ['has enough', { status: 429 }],
      ['is not to be asked so', { status: 405 }],
    ] as const)('%s', async (_name, mood) => {
      world().tap.mood = mood
      const [page, problem] = await Promise.all([
        sendKnown({ lines: [BROWSER] }),
        sendKnown({ method: 'POST', body: 'x' }),
      ])
      refusedWith(page, 503)
      expectPage(page)
      expect(page.body).toContain('could not be checked')
      refusedWith(problem, 503)
      expectProblem(problem, 'collector-unreachable')
      for (const reply of [page, problem]) {
        expect(reply.headers.get('cache-control')).toEqual(['no-store'])
        expect(reply.headers.has('location')).toBe(false)
      }
    })

    test('is not there, or is somebody else by its certificate', async () => {
      const site = world().site(`${gateway.name}-alone`)
      const collector = { ...site.collector, certificate: world().certificate.cert }
      const other = await gateway.start({ ...site, collector })
      const reply = await ask({ ...door(), port: other.port }, { lines: [cookie()] })
      await other.stop()
      refusedWith(reply, 503)
      expectProblem(reply, 'collector-unreachable')
      expect(asked()).toEqual([])

      const nowhere = world().site(`${gateway.name}-nowhere`)
      const lost = await gateway.start({ ...nowhere, collector: { ...nowhere.collector, port: 1 } })
      const again = await ask({ ...door(), port: lost.port }, { lines: [cookie()] })
      await lost.stop()
      refusedWith(again, 503)
      expectProblem(again, 'collector-unreachable')
    })

    test('refuses, and is gone when it is asked what to show', async () => {
      world().tap.mood = ({ headers }) => (headers['muster-page'] === undefined ? { status: 403 } : 'hangs-up')
      const reply = await sendKnown({ lines: [BROWSER] })
      refusedWith(reply, [403, 503])
    })

    test('would let it through when it is asked what to show, which is not for it to say', async () => {
      world().tap.mood = ({ headers }) =>
        headers['muster-page'] === undefined
          ? { status: 401 }
          : { status: 200, headers: { 'x-posture-status': 'affirming' } }
      const reply = await sendKnown({ lines: [BROWSER] })
      expect(reply.body).not.toContain(SECRET)
      expect(arrived()).toEqual([])
    })

    test('does not know the key', async () => {
      const site = world().site(`${gateway.name}-wrong-key`)
      const other = await gateway.start({ ...site, collector: { ...site.collector, key: 'mgw_wrong' } })
      const reply = await ask({ ...door(), port: other.port }, { lines: [cookie()] })
      await other.stop()
      refusedWith(reply, [401, 503])
      expect(reply.raw).not.toContain('mgw_wrong')
    })
  },
)
