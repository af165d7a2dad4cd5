import { expect, test } from 'vitest'
import { absent } from '../../shared/fact.ts'
import { dpopProof } from '../fakes/dpop.ts'
import { onEachGateway } from './bench.ts'
import { sendRaw } from './client.ts'
import { WEBSOCKET, all, http2, sendHead, talk } from './conversation.ts'
import { BROWSER, expectPage, expectProblem } from './replies.ts'
import { HOST } from './world.ts'

onEachGateway('refuses', ({ world, door, cookie, send, sendKnown, sendIll, asked, arrived, refusedWith }) => {
  test('what proves no laptop with 401: a browser goes to the device check, a script gets the challenge', async () => {
    const page = await send({ path: '/wiki?p=1', lines: [BROWSER] })
    refusedWith(page, 401)
    expectPage(page)
    const back = encodeURIComponent(`https://${HOST}:${door().port}/wiki?p=1`)
    expect(page.body).toContain(`${world().collector.issuerUrl}/v1/device-check?return=${back}`)
    expect(page.headers.get('set-cookie')).toEqual([expect.stringMatching(/^__Host-muster-state=/)])
    const problem = await send()
    refusedWith(problem, 401)
    expectProblem(problem, 'device-not-named')
    for (const reply of [page, problem]) {
      expect(reply.headers.get('www-authenticate')).toEqual(['DPoP algs="ES256"'])
      expect(reply.headers.get('dpop-nonce')).toHaveLength(1)
      expect(reply.headers.get('cache-control')).toEqual(['no-store'])
    }
  })

  test('a laptop that is not admitted with 403 and the reasons', async () => {
    const page = await sendIll({ path: '/wiki?p=1', lines: [BROWSER] })
    refusedWith(page, 403)
    expectPage(page)
    expect(page.body).toContain('Disk encryption')
    expect(page.body).toContain('action="/.muster/check-again"')
    const problem = await sendIll({ method: 'POST', body: 'x' })
    refusedWith(problem, 403)
    expectProblem(problem, 'not-admitted')
    expect(JSON.parse(problem.body)).toMatchObject({ detail: expect.stringContaining('Disk encryption') })
    for (const reply of [page, problem]) expect(reply.headers.get('cache-control')).toEqual(['no-store'])
  })

  test('a laptop that is not admitted and proves itself by DPoP with 403, too', async () => {
    const { client, attestation } = world().laptops.ill
    const token = await attestation()
    const url = `https://${HOST}:${door().port}/`
    const nonce = (await send()).headers.get('dpop-nonce')?.[0] ?? ''
    const dpop = await dpopProof(client.device, { url, token, nonce, now: world().collector.clock.now })
    const reply = await send({ lines: [`Authorization: DPoP ${token}`, `DPoP: ${dpop}`] })
    refusedWith(reply, 403)
    expectProblem(reply, 'not-admitted')
  })

  test('two proofs of two laptops with 400', async () => {
    const { well, ill } = world().laptops
    const token = await ill.attestation()
    const url = `https://${HOST}:${door().port}/`
    const nonce = (await send()).headers.get('dpop-nonce')?.[0] ?? ''
    const dpop = await dpopProof(ill.client.device, { url, token, nonce, now: world().collector.clock.now })
    const reply = await send({ lines: [`Cookie: ${well.cookie}`, `Authorization: DPoP ${token}`, `DPoP: ${dpop}`] })
    refusedWith(reply, 400)
    expectProblem(reply, 'proofs-differ')
  })

  test('from the very next request on: it asks for each, and remembers nothing', async () => {
    const { well } = world().laptops
    await sendKnown()
    await sendKnown()
    expect(asked()).toHaveLength(2)
    await well.report({ 'disk-encryption': absent('no disk') })
    const reply = await sendKnown()
    await well.report()
    expect(reply.status).toBe(403)
    expect((await sendKnown()).status).toBe(200)
  })

  test('the second request of a connection whose first was let through', async () => {
    const [first, second] = [
      `GET /1 HTTP/1.1\r\nHost: ${HOST}:${door().port}\r\n`,
      `GET /2 HTTP/1.1\r\nHost: ${HOST}:${door().port}\r\n`,
    ]
    const reply = await sendRaw(door(), `${first}${cookie()}\r\n\r\n`)
    expect(reply.status).toBe(200)
    const both = await all(door(), `${first}${cookie()}\r\n\r\n${second}Connection: close\r\n\r\n`)
    expect(both.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401'])
    expect(arrived().map(({ url }) => url)).toEqual(['/1', '/1'])
  })

  test('a WebSocket of a laptop that is not known, or not admitted', async () => {
    expect(await talk(door(), WEBSOCKET, 'ping')).toMatch(/^HTTP\/1\.1 401 /)
    const ill = `Cookie: ${world().laptops.ill.cookie}`
    expect(await talk(door(), [ill, ...WEBSOCKET], 'ping')).toMatch(/^HTTP\/1\.1 403 /)
    expect(arrived()).toEqual([])
  })

  test('HEAD, without a body', async () => {
    const reply = await sendHead(door(), [])
    expect(reply).toMatch(/^HTTP\/1\.1 401 /)
    expect(arrived()).toEqual([])
  })

  test('HTTP/2 as it does HTTP/1', async () => {
    const reply = await http2(door(), { ':path': '/', accept: 'text/html' })
    expect(reply.status).toBe(401)
    expect(reply.headers['www-authenticate']).toContain('DPoP')
    expect(reply.body).toContain('/v1/device-check?')
    expect((await http2(door(), { ':path': '/', cookie: world().laptops.ill.cookie })).status).toBe(403)
    expect(arrived()).toEqual([])
  })
})
