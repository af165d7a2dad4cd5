import { beforeEach, describe, expect, test } from 'vitest'
import { fakeDevice } from '../test/fakes/device.ts'
import { JWKS, LIST, withHeader } from '../test/fakes/issuer.ts'
import { URL, codeOf, fakeGateway } from '../test/fakes/gateway.ts'
import type { Refusal } from './gateway-api.ts'
import { emptyStatusList, packStatusList, setStatus } from './status-list.ts'

let { clock, collector, verdict, verifier, verifierOf, seconds } = fakeGateway()
beforeEach(() => {
  ;({ clock, collector, verdict, verifier, verifierOf, seconds } = fakeGateway())
})

const text = (body: string | ReadableStream, init?: ResponseInit) => () => new Response(body, init)
const list = (make: () => Promise<string>) => () => collector.instead.set(LIST, async () => new Response(await make()))
const entry = (idx: number, status: number) => () => setStatus(collector.list, idx, status)

/** What may be wrong with the list, and the refusal. */
const STATUS_CASES: [name: string, code: Refusal, arrange: () => unknown][] = [
  ['the device is revoked', 'device-revoked', entry(1993, 1)],
  ['the device lost a tier', 'tier-lost', entry(1993, 2)],
  ['its entry says what nobody knows', 'status-unavailable', entry(1993, 3)],
  ['the list has no such entry', 'status-unavailable', () => (collector.list = emptyStatusList(2, 1992))],
  ['there is no list', 'status-unavailable', () => collector.instead.set(LIST, text('no', { status: 404 }))],
  ['the list is elsewhere', 'status-unavailable', () => collector.instead.set(LIST, text('', { status: 302 }))],
  [
    'the collector has nothing new for somebody who has nothing',
    'status-unavailable',
    () => collector.instead.set(LIST, () => new Response(null, { status: 304 })),
  ],
  [
    'the network is down',
    'status-unavailable',
    () => collector.instead.set(LIST, () => Promise.reject(new Error('no route'))),
  ],
  [
    'what fails is not even an error',
    'status-unavailable',
    () => collector.instead.set(LIST, () => Promise.reject('no route')),
  ],
  ['the network breaks off', 'status-unavailable', () => collector.instead.set(LIST, text(brokenOff()))],
  ['the list is empty', 'status-unavailable', () => collector.instead.set(LIST, text(''))],
  ['the answer has no body', 'status-unavailable', () => collector.instead.set(LIST, () => new Response(null))],
  [
    'the list is larger than any',
    'status-unavailable',
    () => collector.instead.set(LIST, text('A'.repeat(2 ** 20 + 1))),
  ],
  ['the list is a page', 'status-unavailable', () => collector.instead.set(LIST, text('<html>'))],
  ['the list is an attestation', 'status-unavailable', list(() => collector.attest())],
  [
    'the list is signed with another key',
    'status-unavailable',
    list(() => collector.statusList({}, {}, fakeDevice(URL))),
  ],
  [
    'the list is signed with an unknown key',
    'status-unavailable',
    list(() => collector.statusList({}, { kid: 'other' })),
  ],
  [
    'the list names no key',
    'status-unavailable',
    list(async () => withHeader(await collector.statusList(), { kid: undefined })),
  ],
  [
    'the list brings its own key',
    'status-unavailable',
    list(() => {
      const other = fakeDevice(URL)
      return collector.statusList({}, { jwk: other.jwk }, other)
    }),
  ],
  [
    'the list is another list',
    'status-unavailable',
    list(() => collector.statusList({ sub: `${URL}/v1/status-lists/2` })),
  ],
  ['the list has no name', 'status-unavailable', list(() => collector.statusList({ sub: undefined }))],
  ['the list is over', 'status-unavailable', list(() => collector.statusList({ exp: seconds() }))],
  ['the list has no end', 'status-unavailable', list(() => collector.statusList({ exp: undefined }))],
  ['the list is of the future', 'status-unavailable', list(() => collector.statusList({ iat: seconds(31) }))],
  ['the list was never made', 'status-unavailable', list(() => collector.statusList({ iat: undefined }))],
  ['the list may never be gone by', 'status-unavailable', list(() => collector.statusList({ ttl: 0 }))],
  [
    'the list has no bits',
    'status-unavailable',
    list(() => collector.statusList({ status_list: { lst: 'eNrbuRgAAhcBXQ' } })),
  ],
  [
    'the list is a bomb',
    'status-unavailable',
    list(() => collector.statusList({ status_list: packStatusList(emptyStatusList(8, 2 ** 24)) })),
  ],
]

function brokenOff(): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('eyJ'))
      controller.error(new Error('connection reset'))
    },
  })
}

describe('an attestation whose status cannot be told, or is bad, is refused:', () => {
  test.each(STATUS_CASES)('%s (%s)', async (_name, code, arrange) => {
    arrange()
    expect(await verdict(collector.attest())).toBe(code)
    expect(await verdict(collector.attest(), verifierOf({ statusLists: 'ignored' }))).toBe('good')
  })

  test('its list is not the collector’s, and nobody else is asked', async () => {
    for (const uri of [
      'https://evil.example/v1/status-lists/1',
      `${URL}.evil.example/1`,
      `${URL}:8443/1`,
      'file:///etc/passwd',
    ]) {
      expect(await verdict(collector.attest({ status: { status_list: { idx: 1, uri } } }))).toBe('status-unavailable')
    }
    expect(collector.asked).toEqual([JWKS])
  })

  test('it ended while the list was on its way', async () => {
    const token = await collector.attest({ exp: seconds(5) })
    collector.instead.set(LIST, async () => {
      clock.pass(6)
      return new Response(await collector.statusList())
    })
    expect(await verdict(token)).toBe('expired')
  })

  test('it is over as well: the end counts first, and nobody is asked', async () => {
    setStatus(collector.list, 1993, 1)
    expect(await verdict(collector.attest({ exp: seconds() }))).toBe('expired')
    expect(collector.asked).toEqual([JWKS])
  })
})

describe('a loss', () => {
  test('shows within the ttl of the list, whatever the list was before', async () => {
    expect(await verdict(collector.attest())).toBe('good')
    setStatus(collector.list, 1993, 2)
    clock.pass(59)
    expect(await verdict(collector.attest())).toBe('good')
    clock.pass(1)
    expect(await verdict(collector.attest())).toBe('tier-lost')
  })

  test('is looked for once a minute, and each second while the list cannot be had', async () => {
    const token = await collector.attest()
    collector.instead.set(LIST, text('', { status: 503 }))
    for (let times = 0; times < 10; times++) expect(codeOf(await verifier.verify(token))).toBe('status-unavailable')
    clock.pass(1)
    collector.instead.clear()
    for (let times = 0; times < 10; times++) {
      expect(codeOf(await verifier.verify(token))).toBe('good')
      clock.pass(5)
    }
    expect(collector.asked).toEqual([JWKS, LIST, LIST])
  })

  test.each([
    { name: 'as the list says', ttl: 120, seconds: 120 },
    { name: 'a minute where it does not', ttl: undefined, seconds: 60 },
    { name: 'never longer than the list lives', ttl: 3600, seconds: 600 },
  ])('may go unseen for as long $name', async ({ ttl, seconds: until }) => {
    collector.instead.set(LIST, async () => new Response(await collector.statusList({ ttl })))
    const exp = seconds(3600)
    const token = await collector.attest({ exp })
    expect(await verdict(token)).toBe('good')
    setStatus(collector.list, 1993, 1)
    clock.pass(until - 1)
    expect(await verdict(token)).toBe('good')
    clock.pass(1)
    expect(await verdict(token)).toBe('device-revoked')
  })

  test('shows as soon as a gateway asks for it, also for a token that is known', async () => {
    const quick = verifierOf({ statusSeconds: 2 })
    const token = await collector.attest()
    expect(await verdict(token, quick)).toBe('good')
    clock.pass(1)
    setStatus(collector.list, 1993, 1)
    expect(await verdict(token, quick)).toBe('good')
    expect(collector.asked).toEqual([JWKS, LIST])
    clock.pass(1)
    expect(await verdict(token, quick)).toBe('device-revoked')
    expect(collector.asked).toEqual([JWKS, LIST, LIST])
  })

  test('shows also where our clock was set back: what is of the future is looked at again', async () => {
    expect(await verdict(collector.attest())).toBe('good')
    setStatus(collector.list, 1993, 1)
    clock.set(-10)
    expect(await verdict(collector.attest())).toBe('device-revoked')
  })
})

test('a list that begins and never ends is given up', async () => {
  collector.instead.set(LIST, text(new ReadableStream()))
  expect(await verdict(collector.attest(), verifierOf({ timeoutMs: 20 }))).toBe('status-unavailable')
})

test('of many lists the last sixteen are kept', async () => {
  const listed = async (number: number): Promise<Refusal | 'good'> => {
    const path = `/v1/status-lists/${number}`
    const uri = `${URL}${path}`
    collector.instead.set(path, async () => new Response(await collector.statusList({ sub: uri })))
    return verdict(collector.attest({ status: { status_list: { idx: 1, uri } } }))
  }
  for (let number = 1; number <= 17; number++) expect(await listed(number)).toBe('good')
  expect(collector.asked.length).toBe(18)
  for (let number = 2; number <= 17; number++) expect(await listed(number)).toBe('good')
  expect(collector.asked.length).toBe(18)
  expect(await listed(1)).toBe('good')
  expect(collector.asked.length).toBe(19)
})
