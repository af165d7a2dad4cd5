import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ERRORS, type ErrorCode } from '../../shared/errors.ts'
import { TYP, digest, signJws } from '../../shared/jws.ts'
import { LIMITS } from '../../shared/limits.ts'
import type { Facts } from '../../shared/signals.ts'
import {
  authenticate,
  connectedClient,
  enrolledClient,
  openConversation,
  postEnrolment,
  type Client,
  type Conversation,
} from '../fakes/client.ts'
import { fakeDevice, type FakeDevice } from '../fakes/device.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { mutated } from '../fakes/mutations.ts'

let collector: TestCollector
let gatewayKey: string

beforeAll(async () => {
  collector = await testCollector()
  gatewayKey = await collector.gatewayKey('decide', 'vouch')
})
afterAll(() => collector.close())

const enrol = async () => enrolledClient(await collector.enrollment())
const facts: Facts = {}
/** Somebody whom nobody enrolled. */
const stranger = fakeDevice('https://elsewhere.example')

/** What the gateway is told of a device at the least sensitive tier that asks anything. */
async function statusAt(tier: string, deviceId: string): Promise<number> {
  const headers = { authorization: `Bearer ${gatewayKey}`, 'muster-device': deviceId }
  return (await fetch(`${collector.issuerUrl}/v1/forward-auth/${tier}`, { headers })).status
}

/** The refusal that a connection ends with: a `goodbye` of this code, and the close code that belongs to it. */
async function refusedWith(conversation: Conversation, code: ErrorCode): Promise<void> {
  const goodbye = await conversation.expect('goodbye')
  expect(goodbye.code).toBe(code)
  expect(await conversation.closed).toEqual({ code: ERRORS[code].close, reason: code })
}

type Attack = { name: string; code: ErrorCode; send: (client: Client, conversation: Conversation) => Promise<string> }

describe('evidence that does not hold is refused with a code, and changes nothing', () => {
  const attacks: Attack[] = [
    {
      name: 'signed by another key',
      code: 'evidence-invalid',
      send: (client, it) => {
        const claims = { iss: client.deviceId, eat_nonce: it.nonce() }
        return signJws({ typ: TYP.evidence, kid: client.deviceId }, claims, stranger.sign)
      },
    },
    {
      name: 'of another device',
      code: 'evidence-invalid',
      send: (_, it) => it.evidence(facts, { iss: `dev_${'x'.repeat(43)}` }),
    },
    {
      name: 'for another collector',
      code: 'evidence-invalid',
      send: (_, it) => it.evidence(facts, { aud: 'https://elsewhere.example' }),
    },
    {
      name: 'with a nonce of its own',
      code: 'evidence-replayed',
      send: (_, it) => it.evidence(facts, { eat_nonce: 'A'.repeat(32) }),
    },
    {
      name: 'with a key that we do not know',
      code: 'evidence-invalid',
      send: (_, it) => it.evidence(facts, { admin: true }),
    },
    {
      name: 'with a value of the wrong type',
      code: 'evidence-invalid',
      send: (_, it) =>
        it.evidence({
          firewall: {
            kind: 'value',
            value: { enabled: 'yes' as never },
            source: '',
            observedAt: new Date().toISOString(),
          },
        }),
    },
    {
      name: 'with a time that is no integer',
      code: 'evidence-invalid',
      send: (_, it) => it.evidence(facts, { iat: Date.now() / 1000 + 0.5 }),
    },
    {
      name: 'signed too long ago',
      code: 'clock-skew',
      send: (_, it) => it.evidence(facts, {}, new Date(Date.now() - 200_000)),
    },
    {
      name: 'signed in time to come',
      code: 'clock-skew',
      send: (_, it) => it.evidence(facts, {}, new Date(Date.now() + 200_000)),
    },
    { name: 'cut off', code: 'evidence-invalid', send: async (_, it) => (await it.evidence(facts)).slice(0, -20) },
    {
      name: 'without a signature ("alg": "none")',
      code: 'evidence-invalid',
      send: async (_, it) => {
        const [, body] = (await it.evidence(facts)).split('.')
        const header = Buffer.from(JSON.stringify({ alg: 'none', typ: TYP.evidence })).toString('base64url')
        return `${header}.${body}.`
      },
    },
    {
      name: 'of another kind of token',
      code: 'evidence-invalid',
      send: (client, it) =>
        signJws({ typ: TYP.session }, { iss: client.deviceId, eat_nonce: it.nonce() }, client.device.sign),
    },
  ]
  test.each(attacks)('$name: $code', async ({ code, send }) => {
    const client = await enrol()
    const conversation = await connectedClient(client)
    conversation.send({ type: 'evidence', jws: await send(client, conversation) })
    await refusedWith(conversation, code)
    expect(await statusAt('internal', client.deviceId)).toBe(403)
  })

  test('a forged report on its own connection takes away what the device was admitted to', async () => {
    const client = await enrol()
    const first = await connectedClient(client)
    await first.report(facts)
    expect(await statusAt('public', client.deviceId)).toBe(200)
    const forged = await signJws({ typ: TYP.evidence, kid: client.deviceId }, { iss: client.deviceId }, stranger.sign)
    first.send({ type: 'evidence', jws: forged })
    await refusedWith(first, 'evidence-invalid')
    expect(await statusAt('public', client.deviceId)).toBe(403)
    const again = await connectedClient(client)
    await again.report(facts)
    expect(await statusAt('public', client.deviceId)).toBe(200)
    again.close()
  })

  test('a report that was heard before is refused', async () => {
    const client = await enrol()
    const conversation = await connectedClient(client)
    const jws = await conversation.evidence(facts)
    conversation.send({ type: 'evidence', jws })
    await conversation.expect('appraised')
    conversation.send({ type: 'evidence', jws })
    await refusedWith(conversation, 'evidence-replayed')
  })

  test('a number that was used before means two machines with one key: admitted to nothing from then on', async () => {
    const client = await enrol()
    const conversation = await connectedClient(client)
    await conversation.report(facts)
    expect(await statusAt('public', client.deviceId)).toBe(200)
    client.sequence = 0
    conversation.send({ type: 'evidence', jws: await conversation.evidence(facts) })
    await refusedWith(conversation, 'identity-conflict')
    expect(await statusAt('public', client.deviceId)).toBe(403)
  })

  test('two boots in turn mean two machines with one key', async () => {
    const client = await enrol()
    const other = { ...client, boot: randomUUID() }
    const first = await connectedClient(client)
    const second = await connectedClient(other)
    expect((await first.expect('goodbye')).code).toBe('superseded')
    const third = openConversation(client)
    await authenticate(client, third)
    await refusedWith(third, 'identity-conflict')
    second.close()
  })

  test('"unchanged" about something that was never said is answered with a request for all', async () => {
    const client = await enrol()
    const conversation = await connectedClient(client)
    client.sequence += 1
    const claims = {
      iss: client.deviceId,
      aud: client.url,
      eat_nonce: conversation.nonce(),
      iat: Math.floor(Date.now() / 1000),
      seq: 1,
      evidence: digest(''),
    }
    conversation.send({ type: 'unchanged', jws: await signJws({ typ: TYP.unchanged }, claims, client.device.sign) })
    await conversation.expect('recheck')
    expect((await conversation.report(facts)).standing.tiers).toEqual(['public'])
    conversation.close()
  })
})

describe('a connection that does not keep to the protocol ends', () => {
  test.each<[string, string | Buffer, ErrorCode]>([
    ['text that is not JSON', '{', 'message-malformed'],
    ['an unknown message', '{"type":"hello"}', 'message-malformed'],
    ['a known message with more in it', '{"type":"authenticate","jws":"a.b.c","admin":true}', 'message-malformed'],
    ['a binary frame', Buffer.from([1, 2, 3]), 'message-malformed'],
    ['a prototype', '{"type":"authenticate","jws":"x","__proto__":{"a":1}}', 'message-malformed'],
    ['evidence before the handshake', JSON.stringify({ type: 'evidence', jws: 'a.b.c' }), 'message-unexpected'],
    ['nonsense as a proof', JSON.stringify({ type: 'authenticate', jws: 'a.b.c' }), 'authentication-failed'],
  ])('%s', async (_name, frame, code) => {
    const conversation = openConversation(await enrol())
    await conversation.expect('challenge')
    conversation.send(frame)
    await refusedWith(conversation, code)
  })

  test('a frame that is too large closes with 1009', async () => {
    const conversation = await connectedClient(await enrol())
    conversation.send('x'.repeat(LIMITS.messageBytes + 1))
    expect((await conversation.closed).code).toBe(1009)
  })

  test('a flood of good reports is cut off too', async () => {
    const conversation = await connectedClient(await enrol())
    const answers: string[] = []
    for (let n = 0; n < LIMITS.messagesPerSecond * 4 && answers.at(-1) !== 'goodbye'; n++) {
      conversation.send({ type: 'evidence', jws: await conversation.evidence(facts) })
      answers.push((await conversation.next()).type)
    }
    expect(answers.at(-1)).toBe('goodbye')
    expect(answers.length).toBeGreaterThan(LIMITS.messagesPerSecond)
    expect((await conversation.closed).reason).toBe('too-many-messages')
  })

  test('a proof for another challenge, another collector or another time does not authenticate', async () => {
    const client = await enrol()
    for (const [claims, code] of [
      [{ nonce: 'A'.repeat(32) }, 'authentication-failed'],
      [{ aud: 'https://elsewhere.example' }, 'authentication-failed'],
      [{ iat: 1 }, 'clock-skew'],
    ] as const) {
      const conversation = openConversation(client)
      await authenticate(client, conversation, claims)
      await refusedWith(conversation, code)
    }
  })

  test('a device that nobody enrolled is not welcome', async () => {
    const client = { ...(await enrol()), device: stranger }
    const conversation = openConversation(client)
    await authenticate(client, conversation)
    await refusedWith(conversation, 'device-unknown')
  })

  test('a browser may not open it', async () => {
    const conversation = openConversation(await enrol(), { origin: 'https://evil.example' })
    expect((await conversation.closed).reason).toContain('403')
  })

  test('thousands of damaged messages: each ends in a code, none in a pass, and the collector stays up', async () => {
    const client = await enrol()
    const conversation = await connectedClient(client)
    const good = JSON.stringify({ type: 'evidence', jws: await conversation.evidence(facts) })
    conversation.close()
    await conversation.closed
    // Each on a connection of its own: the first bad message ends it.
    for (let seed = 0; seed < 60; seed++) {
      const damaged = mutated(good, seed)
      if (damaged === good) continue
      const victim = await connectedClient({ ...client })
      victim.send(damaged)
      const { code } = await victim.expect('goodbye')
      expect(['message-malformed', 'evidence-invalid', 'evidence-replayed']).toContain(code)
    }
    expect((await fetch(`${collector.issuerUrl}/healthz`)).status).toBe(200)
  })
})

describe('enrolment', () => {
  test('a token is good once', async () => {
    const enrollment = await collector.enrollment()
    expect((await postEnrolment(enrollment)).response.status).toBe(201)
    const { response } = await postEnrolment(enrollment)
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ code: 'enrollment-token-invalid' })
  })

  test.each<[string, object, ErrorCode]>([
    ['a nonce of its own', { nonce: 'A'.repeat(32) }, 'enrollment-proof-invalid'],
    ['another audience', { aud: 'https://elsewhere.example' }, 'enrollment-proof-invalid'],
    ['an unknown claim', { admin: true }, 'enrollment-proof-invalid'],
    ['a wrong clock', { iat: 1 }, 'clock-skew'],
    ['a secret that nobody gave out', { secret: digest('guess') }, 'enrollment-token-invalid'],
  ])('a proof with %s is refused, and the token stays good', async (_name, claims, code) => {
    const enrollment = await collector.enrollment()
    const { response } = await postEnrolment(enrollment, { claims })
    expect(await response.json()).toMatchObject({ code })
    expect((await postEnrolment(enrollment)).response.status).toBe(201)
  })

  test('a second device with the same serial number is a new device, and an alert', async () => {
    const first = await enrolledClient(await collector.enrollment(), { serial: 'C02XK1' })
    const second = await enrolledClient(await collector.enrollment(), { serial: 'C02XK1' })
    expect(second.deviceId).not.toBe(first.deviceId)
    expect(
      collector.logged.some((line) => line.includes('serial number of another') && line.includes(first.deviceId)),
    ).toBe(true)
  })

  test('a device can ask to be forgotten, and nobody else can ask it for it', async () => {
    const client = await enrol()
    const remove = async (sign: FakeDevice['sign']) => {
      const { nonce } = (await (await fetch(`${client.url}/v1/enrollments/nonce`, { method: 'POST' })).json()) as {
        nonce: string
      }
      const claims = { aud: client.url, iss: client.deviceId, nonce, iat: Math.floor(Date.now() / 1000) }
      const proof = await signJws({ typ: TYP.unenrollment }, claims, sign)
      const headers = { 'muster-proof': proof }
      return fetch(`${client.url}/v1/enrollments/${client.deviceId}`, { method: 'DELETE', headers })
    }
    const conversation = await connectedClient(client)
    expect((await remove(stranger.sign)).status).toBe(400)
    expect((await remove(client.device.sign)).status).toBe(204)
    await refusedWith(conversation, 'device-unknown')
    expect((await remove(client.device.sign)).status).toBe(404)
  })
})

test('nothing that was logged so far is a secret', async () => {
  const key = await collector.gatewayKey('decide')
  await fetch(`${collector.issuerUrl}/v1/devices/dev_x`, { headers: { authorization: `Bearer ${key}` } })
  const enrollment = await collector.enrollment()
  await postEnrolment(enrollment)
  const log = collector.logged.join('')
  expect(log).not.toMatch(/mgw_|muster1\.|eyJ|BEGIN/)
  expect(log).toContain('connection closed')
})
