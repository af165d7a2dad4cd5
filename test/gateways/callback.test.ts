import { expect, test } from 'vitest'
import { onEachGateway } from './bench.ts'
import { BROWSER, expectPage } from './replies.ts'
import { HOST } from './world.ts'

onEachGateway(
  'leads the device check to the collector',
  ({ world, door, send, sendKnown, asked, arrived, refusedWith }) => {
    test('where it comes back', async () => {
      const reply = await sendKnown({
        path: '/.muster/callback?code=abc',
        lines: ['Muster-Device: x', 'X-Forwarded-Host: evil'],
      })
      const [request, ...more] = asked()
      expect(more).toEqual([])
      expect(request).toMatchObject({
        method: 'GET',
        url: '/.muster/callback?code=abc',
        headers: {
          'muster-gateway-key': world().key,
          'x-forwarded-host': `${HOST}:${door().port}`,
          'x-forwarded-proto': 'https',
        },
      })
      expect(request?.headers.cookie).toBe(world().laptops.well.cookie)
      expect(request?.headers).not.toHaveProperty('muster-device')
      refusedWith(reply, [400, 404])
    })

    test('with its answer, whatever that sets or says', async () => {
      const headers = { location: `https://${HOST}/`, 'set-cookie': ['__Host-muster-device=1; Path=/; Secure', 'b=2'] }
      world().tap.mood = { status: 303, headers }
      const reply = await send({ path: '/.muster/callback?code=abc' })
      expect(reply.status).toBe(303)
      expect(reply.headers.get('location')).toEqual([headers.location])
      expect(reply.headers.get('set-cookie')).toEqual(headers['set-cookie'])
    })

    test('with its form', async () => {
      const lines = [
        'Content-Type: application/x-www-form-urlencoded',
        `Origin: https://${HOST}:${door().port}`,
        'Sec-Fetch-Site: same-origin',
      ]
      world().tap.mood = { status: 303, headers: { location: '/' } }
      const reply = await sendKnown({ method: 'POST', path: '/.muster/check-again', body: 'return=x', lines })
      expect(reply.status).toBe(303)
      expect(asked()).toMatchObject([
        {
          method: 'POST',
          url: '/.muster/check-again',
          body: 'return=x',
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            origin: `https://${HOST}:${door().port}`,
            'sec-fetch-site': 'same-origin',
          },
        },
      ])
    })

    test('and back again, once the laptop was looked at anew', async () => {
      const { partly } = world().laptops
      const back = `https://${HOST}:${door().port}/wiki?p=1`
      const lines = [
        `Cookie: ${partly.cookie}`,
        'Content-Type: application/x-www-form-urlencoded',
        `Origin: https://${HOST}:${door().port}`,
        'Sec-Fetch-Site: same-origin',
      ]
      const body = `return=${encodeURIComponent(back)}`
      const [reply] = await Promise.all([
        send({ method: 'POST', path: '/.muster/check-again', body, lines }),
        partly.looksAgain(),
      ])
      expect([reply.status, reply.headers.get('location')]).toEqual([303, [back]])
    })

    test('and no other address', async () => {
      for (const path of [
        '/.muster/',
        '/.muster/a/b',
        '/.muster/../v1/admin/devices',
        '/.muster/callback/../../v1/admin/devices',
        '/.muster/%2e%2e/v1/admin/devices',
        '/.muster/..%2fv1/admin',
        '/v1/admin/devices/../../../.muster/callback',
        '//.muster/callback',
        '/.muster//callback',
        '/.muster/callback%00',
        '/.muster/callback%0d%0aX:%20y',
        '/.muster/callback;x',
        '/%2emuster/callback',
      ]) {
        const reply = await send({ path })
        expect({ path, status: reply.status }).toEqual({ path, status: expect.toBeOneOf([400, 401, 404]) })
        for (const { url } of asked())
          expect({ path, url }).toEqual({
            path,
            url: expect.stringMatching(/^\/(v1\/forward-auth\/-|\.muster\/callback)$/),
          })
        expect(arrived()).toEqual([])
      }
    })

    test('and says so where it does not answer', async () => {
      for (const mood of ['hangs-up', { status: 500 }] as const) {
        world().tap.mood = mood
        const reply = await send({ path: '/.muster/callback?code=abc', lines: [BROWSER] })
        refusedWith(reply, [502, 503, 504])
        expectPage(reply)
        expect(reply.body).toContain('could not be checked')
      }
    })
  },
)
