import { expect, test } from 'vitest'
import { onEachGateway } from './bench.ts'
import { type Ask } from './client.ts'
import { all, http2 } from './conversation.ts'
import { HOSTILE_PATHS, MARK, PAYROLL_PATHS } from './hostile.ts'
import { HOST } from './world.ts'

onEachGateway(
  'lets no path, name or form change what is asked',
  ({ world, door, cookie, send, sendKnown, sendIll, asked, arrived, refusedWith }) => {
    test.each(HOSTILE_PATHS)('%s', async (path) => {
      refusedWith(await sendIll({ path }), [400, 401, 403, 404, 421])
      for (const { url, headers } of asked()) {
        expect(['/v1/forward-auth/-', '/v1/forward-auth/restricted']).toContain(url)
        expect(headers['x-forwarded-host']).toBe(`${HOST}:${door().port}`)
      }
      refusedWith(await send({ path }), [400, 401, 404, 421])
    })

    test('a tier of a part of the site, however its path is written', async () => {
      const lines = [`Cookie: ${world().laptops.partly.cookie}`]
      expect((await send({ lines })).status).toBe(200)
      arrived()
      asked()
      for (const path of PAYROLL_PATHS) {
        const reply = await send({ path, lines })
        expect({ path, status: reply.status }).toEqual({ path, status: expect.toBeOneOf([400, 403, 404]) })
        expect(arrived()).toEqual([])
      }
      expect((await sendKnown({ path: '/payroll/slips' })).status).toBe(200)
      expect(asked().at(-1)).toMatchObject({ url: '/v1/forward-auth/restricted' })
    })

    test.each([
      ['another name', { host: 'public.example.com' }],
      ['another name with our port', { host: `payroll.example.com` }],
      ['a name with a user', { host: `${HOST}@evil.example.com` }],
      ['a port that is none', { host: `${HOST}:80@evil.example.com` }],
      ['a port that is a name', { host: `${HOST}:evil` }],
      ['two names in one', { host: `${HOST}, evil.example.com` }],
      ['two names', { lines: ['Host: evil.example.com'] }],
      ['no name', { host: null }],
      ['no name in the old form', { host: null, version: '1.0' as const }],
      ['an empty name', { host: '' }],
      ['a name in the request line', { path: 'https://evil.example.com/' }],
      ['a name in the request line and another', { path: `https://${HOST}/`, host: 'evil.example.com' }],
      ['an address', { host: '127.0.0.1' }],
    ])('a host that is not ours: %s', async (_name, how: Ask) => {
      const reply = await sendKnown(how)
      // What is let through is at most what was asked of us by our own name.
      for (const { headers } of asked()) expect(headers['x-forwarded-host']).toMatch(/^wiki\.example\.com(:.*)?$/)
      for (const { headers } of arrived()) expect(headers.host).toMatch(/^wiki\.example\.com(:\d+)?$/)
      if (reply.status !== 200) refusedWith(reply, [0, 400, 421])
      const unknown = await send(how)
      refusedWith(unknown, [0, 400, 401, 421])
    })

    test('the name in HTTP/2', async () => {
      const reply = await http2(door(), {
        ':path': '/',
        ':authority': 'public.example.com',
        cookie: world().laptops.well.cookie,
      })
      expect(reply.status).toBe(421)
      expect([...asked(), ...arrived()]).toEqual([])
    })

    test('an absolute address of ours is asked about as its path', async () => {
      const reply = await sendKnown({ path: `https://${HOST}:${door().port}/payroll?x` })
      expect([200, 400]).toContain(reply.status)
      for (const { url, headers } of asked())
        expect([url, headers['x-forwarded-uri']]).toEqual(['/v1/forward-auth/restricted', '/payroll?x'])
      for (const { url } of arrived()) expect(url).toMatch(/^(https:\/\/wiki\.example\.com:\d+)?\/payroll\?x$/)
    })

    test.each(['TRACE', 'CONNECT', 'get', 'PRI', 'FOO'])('the method %s', async (method) => {
      refusedWith(await send({ method }), [0, 400, 401, 405, 501])
    })

    test.each([
      ['two lengths', 'Content-Length: 5\r\nContent-Length: 60'],
      ['a length and chunks', 'Content-Length: 60\r\nTransfer-Encoding: chunked'],
      ['chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 60'],
      ['chunks of another name', 'Transfer-Encoding: xchunked\r\nContent-Length: 5'],
      ['chunks twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 5'],
      ['a space before the colon', 'Transfer-Encoding : chunked\r\nContent-Length: 5'],
      ['a folded line', 'Transfer-Encoding:\r\n chunked\r\nContent-Length: 5'],
      ['a bare line feed', 'X: y\nTransfer-Encoding: chunked\r\nContent-Length: 5'],
      ['a signed length', 'Content-Length: +5'],
    ])('no second request hides in the first: %s', async (_name, lines) => {
      const hidden = `GET /hidden HTTP/1.1\r\nHost: ${HOST}\r\nX-Posture-Status: ${MARK}\r\n\r\n`
      await all(
        door(),
        `POST /front HTTP/1.1\r\nHost: ${HOST}:${door().port}\r\n${cookie()}\r\n${lines}\r\n\r\n0\r\n\r\n${hidden}`,
        300,
      )
      for (const it of arrived()) {
        expect(it.url).toBe('/front')
        expect(it.headers['x-posture-status']).toBe('affirming')
      }
      for (const it of asked()) expect(it.url).toBe('/v1/forward-auth/-')
    })

    test('headers without end', async () => {
      refusedWith(
        await sendKnown({ lines: Array.from({ length: 60 }, (_, at) => `X-Own-${at}: ${'x'.repeat(2000)}`) }),
        [0, 400, 431, 494, 503],
      )
      refusedWith(await send({ lines: [`Cookie: ${'x'.repeat(40_000)}`] }), [0, 400, 401, 431, 494, 503])
      expect((await sendKnown()).status).toBe(200)
    })
  },
)
