import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { tmpdir } from 'node:os'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { GATEWAY, streamWorld, type Laptop, type StreamWorld } from '../fakes/streams.ts'
import type { Behaviour, Receiver } from '../fakes/receiver.ts'
import type { StreamsOptions } from '../../collector/ssf/streams.ts'

const QUICK = { first: 1, longest: 2, givenUp: 5 }
const DAY = 86_400_000
const C = 'device-compliance-change'
const R = 'session-revoked'
const T = 'token-claims-change'

let world: StreamWorld
let laptop: Laptop
async function begin(options: Partial<StreamsOptions> = {}): Promise<Receiver> {
  world = await streamWorld({ waits: QUICK, ...options })
  laptop = await world.laptop()
  await world.derived()
  return world.receiver()
}
afterEach(async () => {
  await world.close()
})

const names = (receiver: Pick<Receiver, 'sets'>) => receiver.sets.map(({ event }) => event)
/** Waits until something is so that nobody tells of. */
async function becomes(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setImmediate()
}
const isEmpty = (id: string) => becomes(async () => (await world.store.countOutgoing(id)) === 0)
const count = (receiver: Receiver, n: number) => receiver.until(() => receiver.sets.length >= n)

/** Makes the device compliant, then not. */
async function twice(): Promise<void> {
  await world.report(laptop, true)
  await world.report(laptop, false)
}

const failing: [what: string, behaviour: Behaviour][] = [
  ['500', { status: 500 }],
  ['401', { status: 401 }],
  ['403 with an error in it', { status: 403, body: { err: 'access_denied' } }],
  ['429', { status: 429, headers: { 'retry-after': '0' } }],
  ['200, which is not 202', { status: 200 }],
  ['204', { status: 204 }],
  ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/' } }],
  ['another protocol', { status: 101, headers: { connection: 'upgrade', upgrade: 'other' } }],
  ['400 authentication_failed', { status: 400, body: { err: 'authentication_failed' } }],
  ['nothing but a broken connection', 'reset'],
  ['nothing at all', 'hang'],
]
test.each(failing)(
  'a receiver that answers %s is sent the same again until it takes it, in order',
  async (_what, behaviour) => {
    const receiver = await begin({ answerMs: 150 })
    const sent: string[] = []
    receiver.behave = (request, jws) => {
      sent.push(jws)
      return request <= 4 ? behaviour : 'accept'
    }
    const stream = await world.stream(receiver)
    await twice()
    await count(receiver, 3)
    expect(names(receiver)).toEqual([C, C, R])
    expect(new Set(sent.slice(0, 5)).size).toBe(1)
    expect(receiver.problems).toEqual([])
    await isEmpty(stream.stream_id)
  },
)

test('one that takes an event and does not live to say so gets it again, as the same event', async () => {
  const receiver = await begin()
  receiver.behave = (request) => (request === 1 ? 'accept-reset' : 'accept')
  await world.stream(receiver)
  await twice()
  await count(receiver, 3)
  expect([receiver.repeated, names(receiver)]).toEqual([1, [C, C, R]])
  expect(receiver.problems).toEqual([])
})

test('one that refuses an event three times is not sent it again; the others come, and what it said is kept', async () => {
  const receiver = await begin()
  const refused: string[] = []
  receiver.behave = (_request, jws) => {
    refused.push(jws)
    const isFirst = jws === refused[0]
    return isFirst ? { status: 400, body: { err: 'invalid_audience', description: 'not me\n' } } : 'accept'
  }
  const { stream_id: id } = await world.stream(receiver)
  await twice()
  await count(receiver, 2)
  expect(refused.filter((it) => it === refused[0])).toHaveLength(3)
  expect(names(receiver)).toEqual([C, R])
  expect(world.logged.join('')).toContain('invalid_audience: not me?')
  expect(await world.store.forgetRefused(new Date(world.clock.now().getTime() + 1))).toBe(1)
  await isEmpty(id)
})

test('Retry-After is waited for, in both its forms', async () => {
  const receiver = await begin()
  const at: number[] = []
  receiver.behave = (request) => {
    at.push(performance.now())
    if (request === 1) return { status: 503, headers: { 'retry-after': '1' } }
    const date = new Date(world.clock.now().getTime() + 2000).toUTCString()
    return request === 2 ? { status: 429, headers: { 'retry-after': date } } : 'accept'
  }
  await world.stream(receiver)
  await twice()
  await count(receiver, 1)
  expect(at[1]! - at[0]!).toBeGreaterThan(990)
  expect(at[2]! - at[1]!).toBeGreaterThan(990)
})

test('what is asked for goes along: the authorisation, and no more than there has to be', async () => {
  const receiver = await begin()
  const delivery = {
    method: 'urn:ietf:rfc:8935' as const,
    endpoint_url: receiver.address,
    authorization_header: 'Bearer s3cret',
  }
  await world.streams.create(GATEWAY, { delivery })
  await twice()
  await count(receiver, 3)
  expect(receiver.requests[0]!.headers).toMatchObject({
    authorization: 'Bearer s3cret',
    accept: 'application/json',
    host: new URL(receiver.address).host,
  })
  expect(world.logged.join('')).not.toContain('s3cret')
})

const named = (receiver: Receiver) => ({ address: receiver.address.replace('127.0.0.1', 'receiver.test') })

describe('a name is looked up for each delivery, and what it gives is what is connected to', () => {
  test('an address of this machine', async () => {
    const receiver = await begin({ pushTargets: ['receiver.test'], resolve: async () => ['127.0.0.1'] })
    await world.stream(named(receiver))
    await twice()
    await count(receiver, 3)
    expect(receiver.requests[0]!.headers.host).toMatch(/^receiver\.test:/)
  })

  test('first a good one, then one of somebody else', async () => {
    let asked = 0
    // Asked for the first time when the stream is made.
    const resolve = async () => [asked++ < 2 ? '127.0.0.1' : '169.254.169.254']
    const receiver = await begin({ pushTargets: ['receiver.test'], resolve })
    const { stream_id: id } = await world.stream(named(receiver))
    await twice()
    await becomes(() => world.logged.join('').includes('without TLS only this machine'))
    expect([receiver.sets.length, await world.store.countOutgoing(id)]).toEqual([1, 2])
  })
})

describe('over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-push-tls-'))
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const who = '-subj /CN=receiver.test -addext subjectAltName=DNS:receiver.test'
  const request = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 ${who}`
  const made = spawnSync('openssl', [...request.split(' '), '-keyout', keyFile, '-out', certFile])
  const hasCertificate = made.status === 0
  const trusted = getCACertificates('default')
  afterAll(() => {
    setDefaultCACertificates(trusted)
    rmSync(folder, { recursive: true })
  })

  test.skipIf(!hasCertificate)(
    'the certificate has to be that of the name (skipped where openssl is missing)',
    async () => {
      const tls = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
      setDefaultCACertificates([...trusted, tls.cert])
      await begin({ pushTargets: ['receiver.test', 'other.test'], resolve: async () => ['127.0.0.1'] })
      const receiver = await world.receiver({ tls })
      const at = (host: string) => ({ address: receiver.address.replace('127.0.0.1', host) })
      const { stream_id: other } = await world.stream(at('other.test'))
      await world.stream(at('receiver.test'))
      await twice()
      await count(receiver, 3)
      expect(receiver.problems).toEqual([])
      expect(await world.store.countOutgoing(other)).toBe(3)
    },
  )
})

async function givenUp(): Promise<{ receiver: Receiver; id: string }> {
  const receiver = await begin()
  receiver.behave = () => {
    world.clock.pass(DAY / 8)
    return { status: 503 }
  }
  const { stream_id: id } = await world.stream(receiver)
  await twice()
  await becomes(() => world.streams.status(GATEWAY, id).status !== 'enabled')
  return { receiver, id }
}

describe('a receiver that is away for a day', () => {
  test('has its stream paused, which says why; it goes on by itself when the receiver is back, and nothing is lost', async () => {
    const { receiver, id } = await givenUp()
    expect(world.streams.status(GATEWAY, id)).toMatchObject({
      status: 'paused',
      reason: expect.stringMatching(/^Nothing could be delivered since 2026-.*: it answered 503$/),
    })
    const other = await world.laptop()
    await world.report(other, true)
    await world.restart()
    await world.derived()
    expect(world.streams.status(GATEWAY, id).status).toBe('paused')
    const [enabled, paused, away] = await world.streams.waiting()
    expect([enabled?.events, paused?.events, away?.state]).toEqual([0, 0, 'given-up'])
    expect(away?.events).toBeGreaterThan(5)
    receiver.behave = () => 'accept'
    await count(receiver, 7)
    expect(names(receiver).slice(0, 2)).toEqual(['stream-updated', 'stream-updated'])
    const of = (deviceId: string) => receiver.sets.filter((it) => it.deviceId === deviceId).map(({ event }) => event)
    expect([of(laptop.id), of(other.id)]).toEqual([
      [C, C, R],
      [T, C],
    ])
    expect(receiver.sets.slice(0, 2).map(({ payload }) => payload['status'])).toEqual(['paused', 'enabled'])
    expect(world.streams.status(GATEWAY, id)).toEqual({ stream_id: id, status: 'enabled' })
    expect(receiver.problems).toEqual([])
  })

  test('may have it enabled, by asking for it', async () => {
    const { receiver, id } = await givenUp()
    receiver.behave = () => 'accept'
    await world.streams.setStatus(GATEWAY, id, 'enabled')
    await receiver.until(() => names(receiver).includes(R))
    expect(world.streams.status(GATEWAY, id)).toEqual({ stream_id: id, status: 'enabled' })
  })

  test('may have another address, which has not failed yet', async () => {
    const { receiver, id } = await givenUp()
    const other = await world.receiver()
    const delivery = { method: 'urn:ietf:rfc:8935' as const, endpoint_url: other.address }
    await world.streams.update(GATEWAY, id, { stream_id: id, delivery })
    expect(world.streams.status(GATEWAY, id)).toEqual({ stream_id: id, status: 'enabled' })
    await count(other, 5)
    expect(names(other)).toEqual(['stream-updated', 'stream-updated', C, C, R])
    expect([receiver.sets, other.problems]).toEqual([[], []])
  })

  test('while more happens than is held, hears in the end what is true', async () => {
    const receiver = await begin({ held: 20, waits: { first: 1, longest: 1 } })
    receiver.behave = () => ({ status: 503 })
    const { stream_id: id } = await world.stream(receiver)
    const [up, down] = [await world.laptop(), await world.laptop()]
    for (let n = 0; n < 15; n += 1) {
      await world.report(up, n % 2 === 0)
      await world.report(down, n % 2 === 0)
    }
    await world.report(down, false)
    await world.derived()
    await becomes(async () => (await world.store.countOutgoing(id)) <= 20)
    receiver.behave = () => 'accept'
    await receiver.until(() => receiver.believes(up.id).compliant && receiver.believes(down.id).revoked > 0)
    await isEmpty(id)
    expect([receiver.believes(up.id).compliant, receiver.believes(down.id).compliant]).toEqual([true, false])
    expect(receiver.believes(up.id).revoked).toBeGreaterThan(0)
    expect(world.logged.join('')).toContain('superfluous')
    expect(receiver.problems).toEqual([])
  })
})

test('nobody there at all is a failure like any other', async () => {
  const receiver = await begin()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  const port = typeof address === 'object' && address ? address.port : 0
  const { stream_id: id } = await world.stream({ address: `http://127.0.0.1:${port}/` })
  await twice()
  await becomes(() => world.logged.join('').includes('ECONNREFUSED'))
  const delivery = { method: 'urn:ietf:rfc:8935' as const, endpoint_url: receiver.address }
  await world.streams.update(GATEWAY, id, { stream_id: id, delivery })
  await count(receiver, 3)
  expect(receiver.problems).toEqual([])
})
