import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signJws } from '../../shared/jws.ts'
import { codeOf, checkWorld, type CheckWorld } from '../fakes/check-world.ts'
import { fakeDevice } from '../fakes/device.ts'

const WIKI = 'https://wiki.example.com/start?x=1'

let world: CheckWorld
beforeAll(async () => {
  world = await checkWorld()
})
afterAll(() => world.close())

const claimsOf = (nonce: string) => {
  const iat = Math.floor(world.collector.clock.now.getTime() / 1000)
  const { issuerUrl } = world.collector
  return {
    iss: world.good.deviceId,
    aud: issuerUrl,
    origin: issuerUrl,
    nonce,
    iat,
    exp: iat + 60,
    jti: 'jti-jti-jti-jti-',
  }
}

describe('what is no proof', () => {
  const other = fakeDevice('http://other')
  const cases: [name: string, proof: (nonce: string) => Promise<string> | string, problem: string][] = [
    ['nothing signed', () => 'x', 'compact'],
    ['another issuer', (nonce) => world.proofOf(nonce, { aud: 'https://evil.example' }), 'another collector'],
    [
      'the issuer with a slash',
      (nonce) => world.proofOf(nonce, { aud: `${world.collector.issuerUrl}x` }),
      'another collector',
    ],
    ['another page', (nonce) => world.proofOf(nonce, { origin: 'https://evil.example' }), 'page that asked'],
    ['another nonce', () => world.proofOf('A'.repeat(43)), 'nonce'],
    [
      'a changed nonce',
      (nonce) => world.proofOf(nonce.replace(/^.{20}./, (it) => it.slice(0, 20) + (it.endsWith('A') ? 'B' : 'A'))),
      'nonce',
    ],
    [
      'a time long ago',
      (nonce) => world.proofOf(nonce, { iat: Math.floor(world.collector.clock.now.getTime() / 1000) - 60 }),
      'it is over',
    ],
    [
      'a time to come',
      (nonce) => world.proofOf(nonce, { iat: Math.floor(world.collector.clock.now.getTime() / 1000) + 130 }),
      'time to come',
    ],
    ['the key of another', (nonce) => world.proofOf(nonce, {}, other), 'signature'],
    ['a device that is not enrolled', (nonce) => world.proofOf(nonce, { iss: other.id }, other), 'not enrolled'],
    [
      'a word of an agent that is another',
      async (nonce) => world.good.device.session({ nonce, now: new Date() }),
      'typ',
    ],
    [
      'claims that it does not know',
      async (nonce) =>
        signJws(
          { typ: 'muster-browser+jwt', kid: world.good.deviceId },
          { ...claimsOf(nonce), admin: true },
          world.good.device.sign,
        ),
      'claims',
    ],
    [
      'a longer life',
      async (nonce) =>
        signJws(
          { typ: 'muster-browser+jwt', kid: world.good.deviceId },
          { ...claimsOf(nonce), exp: 9_999_999_999 },
          world.good.device.sign,
        ),
      'live',
    ],
  ]
  test.each(cases)('%s', async (_name, make, problem) => {
    const visitor = world.visitor()
    await visitor.open({ return: WIKI })
    const nonce = await visitor.nonce()
    const answer = await visitor.post('proof', { proof: await make(nonce) })
    const body = (await answer.json()) as { code: string; detail: string }
    expect([answer.status, body.code, body.detail]).toEqual([
      400,
      'browser-proof-invalid',
      expect.stringContaining(problem),
    ])
    // A bad proof spends nothing.
    expect((await visitor.post('proof', { proof: await world.proofOf(nonce) })).status).toBe(200)
  })

  test('a proof is good once', async () => {
    const visitor = world.visitor()
    await visitor.open({ return: WIKI })
    const proof = await world.proofOf(await visitor.nonce())
    const answers = await Promise.all([1, 2, 3].map(() => visitor.post('proof', { proof })))
    expect(answers.map(({ status }) => status).filter((status) => status === 200)).toEqual([200])
  })

  test('a proof counts only in the browser that asked for it', async () => {
    const attacker = world.visitor()
    await attacker.open({ return: WIKI })
    const victim = world.visitor()
    await victim.open({ return: WIKI })
    // The agent of the victim was tricked into signing the nonce of the attacker, and the other way round.
    const relayed = await world.proofOf(await attacker.nonce())
    expect(await codeOf(await victim.post('proof', { proof: relayed }))).toBe('browser-proof-invalid')
    const own = await world.proofOf(await victim.nonce())
    expect(await codeOf(await attacker.post('proof', { proof: own }))).toBe('browser-proof-invalid')
  })

  test('a nonce ends after a minute', async () => {
    const visitor = world.visitor()
    await visitor.open({ return: WIKI })
    const nonce = await visitor.nonce()
    const { now } = world.collector.clock
    try {
      world.collector.clock.now = new Date(now.getTime() + 60_000)
      expect(await codeOf(await visitor.post('proof', { proof: await world.proofOf(nonce) }))).toBe(
        'browser-proof-invalid',
      )
      world.collector.clock.now = new Date(now.getTime() + 59_000)
      expect((await visitor.post('proof', { proof: await world.proofOf(nonce) })).status).toBe(200)
    } finally {
      world.collector.clock.now = now
    }
  })

  test('a browser without a check gets neither a nonce nor an answer', async () => {
    const visitor = world.visitor()
    for (const [step, body] of [
      ['nonce', {}],
      ['proof', { proof: 'x' }],
      ['again', {}],
    ] as const) {
      const answer = await visitor.post(step, body)
      expect([answer.status, await codeOf(answer)]).toEqual([403, 'device-check-over'])
    }
    await visitor.open({ return: WIKI })
    const cookie = visitor.jarOf('collector').get('__Host-muster-check')!
    for (const it of [`${cookie}x`, cookie.replace(/\..*/, ''), `${cookie}; __Host-muster-check=${cookie}`]) {
      visitor.jarOf('collector').set('__Host-muster-check', it)
      expect(await codeOf(await visitor.post('nonce', {}))).toBe('device-check-over')
    }
    visitor.jarOf('collector').set('__Host-muster-check', cookie)
    // Nothing was proved yet.
    expect(await codeOf(await visitor.post('again', {}))).toBe('device-check-over')
  })
})

describe('requests that are not of the page', () => {
  const cases: [name: string, headers: Record<string, string>, status: number, code: string][] = [
    ['another origin', { origin: 'https://evil.example' }, 403, 'page-refused'],
    ['an origin that begins like ours', { origin: 'http://127.0.0.1:1' }, 403, 'page-refused'],
    ['no origin at all', { origin: '' }, 403, 'page-refused'],
    ['the origin of a sandbox', { origin: 'null' }, 403, 'page-refused'],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403, 'page-refused'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 400, 'request-invalid'],
    ['text', { 'content-type': 'text/plain' }, 400, 'request-invalid'],
    ['JSON of another kind', { 'content-type': 'application/jsonp' }, 400, 'request-invalid'],
  ]
  test.each(cases)('%s', async (_name, headers, status, code) => {
    const visitor = world.visitor()
    await visitor.open({ return: WIKI })
    for (const [step, body] of [
      ['nonce', {}],
      ['proof', { proof: 'x' }],
      ['again', {}],
    ] as const) {
      const answer = await visitor.post(step, body, headers)
      expect([answer.status, await codeOf(answer)]).toEqual([status, code])
    }
  })

  test.each([
    ['a number', { proof: 1 }],
    ['nothing', { proof: '' }],
    ['too much', { proof: 'x'.repeat(5000) }],
    ['no proof', {}],
    ['a list', []],
    ['null', null],
    ['more than it should be', { proof: 'x', nonce: 'y' }],
    ['a ticket that is none', { proof: 'x', ticket: 1 }],
  ])('a body that is none: %s', async (_name, body) => {
    const visitor = world.visitor()
    await visitor.open({ return: WIKI })
    const answer = await visitor.post('proof', body)
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'request-invalid'])
  })
})
