import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { MusterError, type ErrorCode } from '../../shared/errors.ts'
import { EVIDENCE_PROFILE } from '../../shared/evidence.ts'
import { TYP, digest, parseJws } from '../../shared/jws.ts'
import { goodbye, parseAgentMessage, parseCollectorMessage, type AgentMessage } from '../../shared/messages.ts'
import { SIGNAL_IDS } from '../../shared/signals.ts'
import type { Standing } from '../../shared/standing.ts'
import { chance } from '../../test/fakes/chance.ts'
import { fakeDevice } from '../../test/fakes/device.ts'
import { healthyFacts } from '../../test/fakes/facts.ts'
import { mutated } from '../../test/fakes/mutations.ts'
import {
  openSession,
  refusal,
  stepSession,
  type SessionDevice,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
} from './session.ts'

const ISSUER = 'https://collector.example'
const NOW = new Date('2026-11-24T08:00:00.000Z')
const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)

const device = fakeDevice(ISSUER)
const other = fakeDevice(ISSUER)
const facts = healthyFacts(NOW)
const FIRST = await device.evidence({ nonce: 'an-earlier-connection', now: NOW, facts, seq: 7 })
const KNOWN: SessionDevice = {
  id: device.id,
  key: device.key,
  lockedOut: false,
  lastSequence: 7,
  evidenceDigest: digest(FIRST),
}

const standing: Standing = {
  deviceId: device.id,
  status: 'active',
  tiers: ['public'],
  checks: [],
  earStatus: 'warning',
  evidenceAt: NOW.toISOString(),
  evaluatedAt: NOW.toISOString(),
  nextChange: null,
  policyVersion: 1,
}
const settings = { reportSeconds: 900, unchangedSeconds: 300, watchSeconds: 5, signals: SIGNAL_IDS }
const ADMITTED: SessionEvent = { type: 'admitted', welcome: { settings, asks: [], lastSequence: 7 } }
const STORED: SessionEvent = { type: 'stored', attestation: 'a.b.c', standing }
const RECHECK: SessionEvent = { type: 'recheck', reason: 'an admin asks' }

/** A connection, seen from the edge: what happens goes in, what is to be done comes out. */
function connection() {
  let made = 0
  const context = { now: NOW, issuer: ISSUER, nonce: () => `nonce-${(made += 1)}` + 'x'.repeat(24) }
  const nonces: string[] = []
  let state: SessionState
  const apply = ([next, effects]: [SessionState, SessionEffect[]]) => {
    state = next
    for (const effect of effects) {
      if (effect.type !== 'send') continue
      if ('eat_nonce' in effect.message) nonces.push(effect.message.eat_nonce)
      if (effect.message.type === 'challenge') nonces.push(effect.message.nonce)
    }
    return effects
  }
  const opened = apply(openSession(context))
  return {
    opened,
    state: () => state,
    /** Every nonce that was given out, the newest last. */
    nonces,
    nonce: () => nonces.at(-1) ?? '',
    happens: (event: SessionEvent, now = NOW) => apply(stepSession(state, event, { ...context, now })),
    says: (message: AgentMessage, now = NOW) =>
      apply(stepSession(state, { type: 'message', message }, { ...context, now })),
  }
}
type Connection = ReturnType<typeof connection>

const types = (effects: SessionEffect[]) => effects.map((it) => (it.type === 'send' ? it.message.type : it.type))

/** The refusal that a conversation ends with: a goodbye and a close of this code, and nothing after it. */
function refusedWith(it: Connection, effects: SessionEffect[], code: ErrorCode, reason = /./): void {
  expect(effects.slice(-2)).toEqual([
    {
      type: 'send',
      message: expect.objectContaining({ type: 'goodbye', code, reason: expect.stringMatching(reason) }),
    },
    { type: 'close', code },
  ])
  expect(it.state()).toEqual({ at: 'closed' })
}

const session = (it: Connection) => device.session({ nonce: it.nonce(), now: NOW })
const evidence = (it: Connection, seq = 8) => device.evidence({ nonce: it.nonce(), now: NOW, facts, seq })

async function challenged(): Promise<Connection> {
  return connection()
}
async function lookingUp(): Promise<Connection> {
  const it = connection()
  it.says({ type: 'authenticate', jws: await session(it) })
  return it
}
async function admitting(): Promise<Connection> {
  const it = await lookingUp()
  it.happens({ type: 'device', device: KNOWN })
  return it
}
async function ready(): Promise<Connection> {
  const it = await admitting()
  it.happens(ADMITTED)
  return it
}
async function storing(): Promise<Connection> {
  const it = await ready()
  it.says({ type: 'evidence', jws: await evidence(it) })
  return it
}
const STATES = { challenged, 'looking-up': lookingUp, admitting, ready, storing }

describe('a conversation that goes well', () => {
  test('begins with a challenge that carries the time of the collector', () => {
    const it = connection()
    const message = { type: 'challenge', nonce: it.nonce(), time: NOW.toISOString() }
    expect(it.opened).toEqual([{ type: 'send', message }])
    expect(it.state()).toMatchObject({ at: 'challenged', until: after(10) })
  })

  test('goes from the challenge through evidence and "unchanged", with tokens that jose has signed', async () => {
    const it = connection()
    const signed = (typ: string, claims: Record<string, unknown>) =>
      new SignJWT({ aud: ISSUER, iat: NOW.getTime() / 1000, ...claims })
        .setProtectedHeader({ alg: 'ES256', typ, kid: device.id })
        .sign(device.privateKey)

    const authentication = await signed(TYP.session, { nonce: it.nonce(), boot: 'boot-1' })
    expect(it.says({ type: 'authenticate', jws: authentication })).toEqual([{ type: 'look-up', deviceId: device.id }])
    expect(it.happens({ type: 'device', device: KNOWN })).toEqual([
      { type: 'admit', deviceId: device.id, bootId: 'boot-1' },
    ])
    const welcome = it.happens(ADMITTED)
    expect(welcome).toEqual([
      { type: 'send', message: { type: 'welcome', settings, asks: [], lastSequence: 7, eat_nonce: it.nonce() } },
    ])

    const claims = { eat_profile: EVIDENCE_PROFILE, iss: device.id, facts }
    const jws = await signed(TYP.evidence, { ...claims, eat_nonce: it.nonce(), seq: 8 })
    const [store] = it.says({ type: 'evidence', jws })
    expect(store).toMatchObject({
      type: 'store',
      deviceId: device.id,
      report: { kind: 'evidence', sequence: 8, digest: digest(jws), jws, claims: { facts } },
    })
    const appraised = it.happens(STORED)
    expect(appraised).toEqual([
      { type: 'send', message: { type: 'appraised', attestation: 'a.b.c', standing, eat_nonce: it.nonce() } },
    ])

    const unchanged = await signed(TYP.unchanged, {
      iss: device.id,
      eat_nonce: it.nonce(),
      seq: 9,
      evidence: digest(jws),
    })
    expect(it.says({ type: 'unchanged', jws: unchanged })).toEqual([
      { type: 'store', deviceId: device.id, report: { kind: 'unchanged', sequence: 9, digest: digest(jws) } },
    ])
    expect(types(it.happens(STORED))).toEqual(['appraised'])
    expect(new Set(it.nonces).size).toBe(it.nonces.length)
  })

  test('says only what the protocol has', async () => {
    const it = await storing()
    it.happens(RECHECK)
    const effects = [...it.opened, ...it.happens(STORED), ...it.happens({ type: 'stopping' })]
    const messages = effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))
    expect(messages.map(({ type }) => type)).toEqual(['challenge', 'appraised', 'recheck', 'goodbye'])
    for (const message of messages) expect(parseCollectorMessage(JSON.stringify(message)).ok).toBe(true)
  })

  test('may go on with "unchanged" about evidence of an earlier connection', async () => {
    const it = await ready()
    const jws = await device.unchanged({ nonce: it.nonce(), now: NOW, of: FIRST, seq: 8 })
    expect(types(it.says({ type: 'unchanged', jws }))).toEqual(['store'])
  })

  test('skips numbers of reports that were lost on the way', async () => {
    const it = await ready()
    expect(types(it.says({ type: 'evidence', jws: await evidence(it, 500) }))).toEqual(['store'])
  })

  test('gives a device that waits for approval no attestation', async () => {
    const it = await storing()
    const [send] = it.happens({ type: 'stored', attestation: null, standing: { ...standing, status: 'pending' } })
    expect(send).toMatchObject({ type: 'send', message: { type: 'appraised', attestation: null } })
  })
})

type Bad = { name: string; code: ErrorCode; reason?: RegExp; now?: Date; device?: SessionDevice | null }

describe('an authentication that does not hold is refused', () => {
  const cases: (Bad & { jws: (nonce: string) => Promise<string> | string })[] = [
    { name: 'no token', code: 'authentication-failed', reason: /not a compact/, jws: () => 'nonsense' },
    {
      name: 'evidence in its place',
      code: 'authentication-failed',
      reason: /typ/,
      jws: (nonce) => device.evidence({ nonce, now: NOW, facts, seq: 8 }),
    },
    {
      name: 'no device named',
      code: 'authentication-failed',
      reason: /kid/,
      jws: (nonce) => device.session({ nonce, now: NOW }, { header: { kid: undefined } as never }),
    },
    {
      name: 'a device that nobody knows',
      code: 'device-unknown',
      device: null,
      jws: (nonce) => other.session({ nonce, now: NOW }),
    },
    {
      name: 'the signature of another device',
      code: 'authentication-failed',
      reason: /signature/,
      jws: (nonce) => device.session({ nonce, now: NOW }, { sign: other.sign }),
    },
    {
      name: 'a key in the header that is its own witness',
      code: 'authentication-failed',
      reason: /signature/,
      jws: (nonce) => device.session({ nonce, now: NOW }, { sign: other.sign, header: { jwk: other.jwk } }),
    },
    {
      name: 'a claim of the wrong shape',
      code: 'authentication-failed',
      reason: /boot/,
      jws: (nonce) => device.session({ nonce, now: NOW }, { claims: { boot: '' } }),
    },
    {
      name: 'a nonce of its own',
      code: 'authentication-failed',
      reason: /nonce/,
      jws: () => device.session({ nonce: 'x'.repeat(32), now: NOW }),
    },
    {
      name: 'another audience',
      code: 'authentication-failed',
      reason: /meant for https:\/\/evil.example/,
      jws: (nonce) => device.session({ nonce, now: NOW }, { claims: { aud: 'https://evil.example' } }),
    },
    {
      name: 'a clock that is behind',
      code: 'clock-skew',
      reason: /signed at 2026-11-24T07:57:59.000Z; here it is 2026-11-24T08:00:00.000Z/,
      jws: (nonce) => device.session({ nonce, now: after(-121) }),
    },
    {
      name: 'a clock that is ahead',
      code: 'clock-skew',
      reason: /signed at 2026-11-24T08:02:01.000Z/,
      jws: (nonce) => device.session({ nonce, now: after(121) }),
    },
    {
      name: 'a device that is locked out',
      code: 'device-locked-out',
      device: { ...KNOWN, lockedOut: true },
      jws: (nonce) => device.session({ nonce, now: NOW }),
    },
  ]
  test.each(cases)('$name: $code', async ({ code, reason, device: found = KNOWN, jws }) => {
    const it = connection()
    let effects = it.says({ type: 'authenticate', jws: await jws(it.nonce()) })
    if (it.state().at === 'looking-up') effects = it.happens({ type: 'device', device: found })
    refusedWith(it, effects, code, reason)
    expect(types(effects)).toEqual(['goodbye', 'close'])
  })

  test('a locked-out device is told so only after it has proved its key', async () => {
    const it = connection()
    it.says({ type: 'authenticate', jws: await device.session({ nonce: it.nonce(), now: NOW }, { sign: other.sign }) })
    refusedWith(it, it.happens({ type: 'device', device: { ...KNOWN, lockedOut: true } }), 'authentication-failed')
  })

  test('a token of an earlier connection is refused on this one', async () => {
    const heard = await session(connection())
    const it = connection()
    const fresh = connection()
    fresh.says({ type: 'authenticate', jws: heard })
    expect(types(fresh.happens({ type: 'device', device: KNOWN }))).toEqual(['admit'])
    it.says({ type: 'authenticate', jws: await device.session({ nonce: 'another-challenge', now: NOW }) })
    refusedWith(it, it.happens({ type: 'device', device: KNOWN }), 'authentication-failed', /nonce/)
  })

  test.each([120, -120])('a clock that is %i s off is near enough', async (seconds) => {
    const it = connection()
    it.says({ type: 'authenticate', jws: await device.session({ nonce: it.nonce(), now: after(seconds) }) })
    expect(types(it.happens({ type: 'device', device: KNOWN }))).toEqual(['admit'])
  })
})

describe('a report that does not hold is refused', () => {
  type Report = Bad & { distrust?: 'conflict' | 'unverified'; message: (nonce: string) => Promise<AgentMessage> }
  const full = (
    name: string,
    code: ErrorCode,
    reason: RegExp,
    otherwise: Parameters<typeof device.evidence>[1],
    more: Partial<Report> = {},
  ): Report => ({
    name: `evidence: ${name}`,
    code,
    reason,
    message: async (nonce) => ({
      type: 'evidence',
      jws: await device.evidence({ nonce, now: NOW, facts, seq: 8 }, otherwise),
    }),
    ...more,
  })
  const same = (
    name: string,
    code: ErrorCode,
    reason: RegExp,
    otherwise: Parameters<typeof device.unchanged>[1],
    more: Partial<Report> = {},
  ): Report => ({
    name: `unchanged: ${name}`,
    code,
    reason,
    message: async (nonce) => ({
      type: 'unchanged',
      jws: await device.unchanged({ nonce, now: NOW, of: FIRST, seq: 8 }, otherwise),
    }),
    ...more,
  })
  const iat = NOW.getTime() / 1000
  const cases: Report[] = [full, same].flatMap((make) => [
    make(
      'the signature of another device',
      'evidence-invalid',
      /signature/,
      { sign: other.sign },
      { distrust: 'unverified' },
    ),
    make('the type of another token', 'evidence-invalid', /typ/, { header: { typ: TYP.session } }),
    make('a claim of the wrong shape', 'evidence-invalid', /seq/, { claims: { seq: 'eight' } }),
    make('a claim that is not known', 'evidence-invalid', /not a key/, { claims: { verdict: 'pass' } }),
    make('another device named', 'evidence-invalid', /iss is not/, { claims: { iss: other.id } }),
    make('another audience', 'evidence-invalid', /meant for https:\/\/evil.example/, {
      claims: { aud: 'https://evil.example' },
    }),
    make('a nonce of its own', 'evidence-replayed', /nonce/, { claims: { eat_nonce: 'x'.repeat(32) } }),
    make('a clock that is behind', 'clock-skew', /signed at/, { claims: { iat: iat - 121 } }),
    make('a clock that is ahead', 'clock-skew', /signed at/, { claims: { iat: iat + 121 } }),
    make(
      'a sequence that was used',
      'identity-conflict',
      /sequence 7 was used before; the last is 7/,
      { claims: { seq: 7 } },
      { distrust: 'conflict' },
    ),
    make(
      'a sequence that is behind',
      'identity-conflict',
      /sequence 1 /,
      { claims: { seq: 1 } },
      { distrust: 'conflict' },
    ),
  ])
  cases.push(
    full('an attestation profile', 'evidence-invalid', /eat_profile/, {
      claims: { eat_profile: 'tag:ietf.org,2026:rats/ear#04' },
    }),
    full(
      'no token',
      'evidence-invalid',
      /not a compact/,
      {},
      { message: async () => ({ type: 'evidence', jws: 'nonsense' }) },
    ),
  )

  test.each(cases)('$name: $code', async ({ code, reason, distrust, message }) => {
    const it = await ready()
    const effects = it.says(await message(it.nonce()))
    refusedWith(it, effects, code, reason)
    const expected = distrust ? [{ type: 'distrust', deviceId: device.id, identity: distrust }] : []
    expect(effects.slice(0, -2)).toEqual(expected)
  })

  test('each kind in the place of the other', async () => {
    for (const type of ['evidence', 'unchanged'] as const) {
      const it = await ready()
      const made =
        type === 'evidence'
          ? await device.unchanged({ nonce: it.nonce(), now: NOW, of: FIRST, seq: 8 })
          : await evidence(it)
      refusedWith(it, it.says({ type, jws: made }), 'evidence-invalid', /typ/)
    }
  })

  test('heard before on this connection: evidence-replayed', async () => {
    const it = await ready()
    const jws = await evidence(it)
    it.says({ type: 'evidence', jws })
    it.happens(STORED)
    refusedWith(it, it.says({ type: 'evidence', jws }), 'evidence-replayed')
  })

  test('behind the last one of this connection: identity-conflict', async () => {
    const it = await ready()
    it.says({ type: 'evidence', jws: await evidence(it, 20) })
    it.happens(STORED)
    refusedWith(it, it.says({ type: 'evidence', jws: await evidence(it, 19) }), 'identity-conflict')
  })

  test('"unchanged" about evidence that is not known here: full evidence is asked for, with a new nonce', async () => {
    const it = await ready()
    const nonce = it.nonce()
    const elsewhere = await device.unchanged({ nonce, now: NOW, of: 'other evidence', seq: 9 })
    const effects = it.says({ type: 'unchanged', jws: elsewhere })
    expect(effects).toEqual([
      { type: 'send', message: { type: 'recheck', reason: 'full evidence is needed', eat_nonce: it.nonce() } },
    ])
    expect(it.nonce()).not.toBe(nonce)
    expect(types(it.says({ type: 'evidence', jws: await evidence(it, 10) }))).toEqual(['store'])
  })

  test('"unchanged" about what is not known, said twice: its nonce and its sequence are used up', async () => {
    const it = await ready()
    const elsewhere = await device.unchanged({ nonce: it.nonce(), now: NOW, of: 'other evidence', seq: 9 })
    it.says({ type: 'unchanged', jws: elsewhere })
    refusedWith(it, it.says({ type: 'unchanged', jws: elsewhere }), 'evidence-replayed')
    const again = await ready()
    again.says({ type: 'unchanged', jws: elsewhere })
    refusedWith(again, again.says({ type: 'evidence', jws: await evidence(again, 9) }), 'identity-conflict')
  })

  test('"unchanged" of a device that never sent evidence: full evidence is asked for', async () => {
    const it = await lookingUp()
    it.happens({ type: 'device', device: { ...KNOWN, evidenceDigest: null } })
    it.happens(ADMITTED)
    const jws = await device.unchanged({ nonce: it.nonce(), now: NOW, of: FIRST, seq: 8 })
    expect(types(it.says({ type: 'unchanged', jws }))).toEqual(['recheck'])
  })
})

describe('a recheck', () => {
  test('gives out a nonce, and leaves the one that it replaces good for a report that is under way, once', async () => {
    const it = await ready()
    const underWay = await evidence(it, 8)
    expect(types(it.happens(RECHECK))).toEqual(['recheck'])
    expect(types(it.says({ type: 'evidence', jws: underWay }))).toEqual(['store'])
    // The agent has heard the recheck and reads again: with the nonce that the answer brings.
    expect(types(it.happens(STORED))).toEqual(['appraised'])
    refusedWith(it, it.says({ type: 'evidence', jws: underWay }), 'evidence-replayed')
  })

  test('is answered by the report that it asked for, and is over', async () => {
    const it = await ready()
    const replaced = it.nonce()
    it.happens(RECHECK)
    expect(types(it.says({ type: 'evidence', jws: await evidence(it, 8) }))).toEqual(['store'])
    expect(types(it.happens(STORED))).toEqual(['appraised'])
    const late = await device.evidence({ nonce: replaced, now: NOW, facts, seq: 9 })
    refusedWith(it, it.says({ type: 'evidence', jws: late }), 'evidence-replayed')
  })

  test('that is asked for again before it is answered is said once', async () => {
    const it = await ready()
    expect(types(it.happens(RECHECK))).toEqual(['recheck'])
    expect(it.happens(RECHECK)).toEqual([])
    expect(types(it.says({ type: 'evidence', jws: await evidence(it, 8) }))).toEqual(['store'])
  })

  test('while a report is stored waits for its answer', async () => {
    const it = await storing()
    expect(it.happens(RECHECK)).toEqual([])
    const effects = it.happens(STORED)
    expect(types(effects)).toEqual(['appraised', 'recheck'])
    expect(effects[1]).toMatchObject({ message: { reason: 'an admin asks', eat_nonce: it.nonce() } })
    expect(types(it.says({ type: 'evidence', jws: await evidence(it, 9) }))).toEqual(['store'])
  })

  test('before the welcome changes nothing: full evidence comes anyway', async () => {
    for (const reach of [challenged, lookingUp, admitting]) {
      const it = await reach()
      const before = it.state()
      expect(it.happens(RECHECK)).toEqual([])
      expect(it.state()).toBe(before)
    }
  })
})

describe('in each state', () => {
  type At = keyof typeof STATES
  const states: At[] = ['challenged', 'looking-up', 'admitting', 'ready', 'storing']
  const messages = [
    { type: 'authenticate', due: ['challenged'], make: (it: Connection) => session(it) },
    { type: 'evidence', due: ['ready'], make: (it: Connection) => evidence(it, 9) },
    {
      type: 'unchanged',
      due: ['ready'],
      make: (it: Connection) => device.unchanged({ nonce: it.nonce(), now: NOW, of: FIRST, seq: 9 }),
    },
  ] as const
  const pairs = states.flatMap((at) =>
    messages.map((message) => ({ at, ...message, isDue: message.due.some((due) => due === at) })),
  )

  test.each(pairs.filter(({ isDue }) => isDue))('$at: "$type" is due', async ({ at, type, make }) => {
    const it = await STATES[at]()
    it.says({ type, jws: await make(it) })
    expect(it.state().at).not.toBe('closed')
  })

  test.each(pairs.filter(({ isDue }) => !isDue))('$at: "$type" is out of turn', async ({ at, type, make }) => {
    const it = await STATES[at]()
    refusedWith(it, it.says({ type, jws: await make(it) }), 'message-unexpected')
  })

  const answers = [
    { event: { type: 'device', device: KNOWN }, due: 'looking-up' },
    { event: ADMITTED, due: 'admitting' },
    { event: STORED, due: 'storing' },
  ] satisfies { event: SessionEvent; due: At }[]

  test.each(answers)('$due: the answer "$event.type" is heard', async ({ event, due }) => {
    const it = await STATES[due]()
    expect(it.happens(event).length).toBeGreaterThan(0)
  })

  test.each(states.flatMap((at) => answers.filter(({ due }) => due !== at).map((it) => ({ at, ...it }))))(
    '$at: the answer "$event.type", which was not asked for, changes nothing',
    async ({ at, event }) => {
      const it = await STATES[at]()
      const before = it.state()
      expect([it.happens(event), it.state()]).toEqual([[], before])
    },
  )

  const endings: { event: SessionEvent; code: ErrorCode; retry: number | null }[] = [
    { event: { type: 'superseded' }, code: 'superseded', retry: 60 },
    { event: { type: 'stopping' }, code: 'collector-stopping', retry: 1 },
    { event: { type: 'dismissed', code: 'device-unknown' }, code: 'device-unknown', retry: null },
    { event: { type: 'dismissed', code: 'device-locked-out' }, code: 'device-locked-out', retry: 60 },
    { event: { type: 'malformed', code: 'message-malformed', problem: 'no' }, code: 'message-malformed', retry: null },
    { event: { type: 'malformed', code: 'too-many-messages', problem: 'no' }, code: 'too-many-messages', retry: 60 },
    { event: { type: 'refused', code: 'store-unavailable' }, code: 'store-unavailable', retry: 5 },
    {
      event: { type: 'refused', code: 'identity-conflict', detail: 'two machines' },
      code: 'identity-conflict',
      retry: null,
    },
    { event: { type: 'refused', code: 'internal' }, code: 'internal', retry: 30 },
  ]
  test.each(states.flatMap((at) => endings.map((it) => ({ at, ...it, name: it.event.type }))))(
    '$at: "$name" with $code ends the conversation, and says when to come back',
    async ({ at, event, code, retry }) => {
      const it = await STATES[at]()
      const effects = it.happens(event)
      refusedWith(it, effects, code)
      expect(effects[0]).toMatchObject({ message: { retryAfterSeconds: retry } })
    },
  )

  test.each(states)('%s: the agent may say goodbye, and gets no answer', async (at) => {
    const it = await STATES[at]()
    expect(it.says(goodbye('agent-stopping'))).toEqual([{ type: 'close', code: 'agent-stopping' }])
    expect(it.state()).toEqual({ at: 'closed' })
  })

  test.each(['challenged', 'looking-up'] as const)('%s: a handshake that takes ten seconds is late', async (at) => {
    const it = await STATES[at]()
    expect([it.happens({ type: 'tick' }, after(9.999)), it.state().at]).toEqual([[], at])
    refusedWith(it, it.happens({ type: 'tick' }, after(10)), 'handshake-timeout')
  })

  test('a proof that comes too late is not looked at, whether or not anybody has counted the time', async () => {
    const it = await STATES.challenged()
    const jws = await session(it)
    refusedWith(it, it.says({ type: 'authenticate', jws }, after(10)), 'handshake-timeout')
  })

  test.each(['admitting', 'ready', 'storing'] as const)('%s: a handshake that is over is never late', async (at) => {
    const it = await STATES[at]()
    expect([it.happens({ type: 'tick' }, after(1000)), it.state().at]).toEqual([[], at])
  })
})

test('after the end nothing happens any more', async () => {
  const jws = await device.session({ nonce: 'x'.repeat(32), now: NOW })
  const events: SessionEvent[] = [
    { type: 'message', message: { type: 'authenticate', jws } },
    { type: 'message', message: { type: 'evidence', jws: FIRST } },
    { type: 'message', message: goodbye('agent-stopping') },
    { type: 'malformed', code: 'message-malformed', problem: 'x' },
    { type: 'device', device: KNOWN },
    ADMITTED,
    STORED,
    { type: 'refused', code: 'internal' },
    RECHECK,
    { type: 'superseded' },
    { type: 'dismissed', code: 'device-unknown' },
    { type: 'stopping' },
    { type: 'tick' },
  ]
  const it = await storing()
  it.happens({ type: 'superseded' })
  for (const event of events) expect([it.happens(event, after(1000)), it.state()]).toEqual([[], { at: 'closed' }])
})

describe('what went wrong with an effect', () => {
  test('keeps its code and what happened', () => {
    expect(refusal(new MusterError('store-unavailable', 'disk full'))).toEqual({
      type: 'refused',
      code: 'store-unavailable',
      detail: 'disk full',
    })
  })

  test.each([new Error('SELECT secret'), 'words', null, undefined])(
    'that has no code (%s) is internal, and tells nothing of it',
    (error) => {
      expect(refusal(error)).toEqual({ type: 'refused', code: 'internal' })
    },
  )
})

/** What comes of a damaged message, up to the effect that would mean that it was believed. */
function believed(it: Connection, original: AgentMessage, seed: number): boolean {
  const parsed = parseAgentMessage(mutated(JSON.stringify(original), seed))
  if (!parsed.ok) return false
  const message = parsed.value
  if ('jws' in message && 'jws' in original && message.jws === original.jws) return false
  const state = it.state()
  const context = { now: NOW, issuer: ISSUER, nonce: () => 'x'.repeat(32) }
  let [next, effects] = stepSession(state, { type: 'message', message }, context)
  if (next.at === 'looking-up') [next, effects] = stepSession(next, { type: 'device', device: KNOWN }, context)
  return effects.some(({ type }) => type === 'store' || type === 'admit')
}

describe('damage', () => {
  test('of a signed message, 10,000 times, is never stored and never admitted', async () => {
    const fresh = await challenged()
    const open = await ready()
    const originals: [Connection, AgentMessage][] = [
      [fresh, { type: 'authenticate', jws: await session(fresh) }],
      [open, { type: 'evidence', jws: await evidence(open) }],
      [open, { type: 'unchanged', jws: await device.unchanged({ nonce: open.nonce(), now: NOW, of: FIRST, seq: 8 }) }],
    ]
    for (const [it, original] of originals) {
      for (let seed = 0; seed < 3400; seed++)
        expect([original.type, seed, believed(it, original, seed)]).toEqual([original.type, seed, false])
    }
  })

  test('inside the token, with the message around it whole, is never stored', async () => {
    const it = await ready()
    const jws = await evidence(it)
    for (let seed = 0; seed < 3000; seed++) {
      const damaged = mutated(jws, seed)
      if (damaged === jws) continue
      const effects = stepSession(
        it.state(),
        { type: 'message', message: { type: 'evidence', jws: damaged } },
        { now: NOW, issuer: ISSUER, nonce: it.nonce },
      )[1]
      expect([seed, types(effects).includes('store')]).toEqual([seed, false])
    }
  })

  test('of the order of things never throws, and stores only what the device has signed', async () => {
    for (let seed = 0; seed < 1500; seed++) {
      const luck = chance(seed)
      const it = await luck.of([challenged, admitting, ready, storing])()
      for (let step = 0; step < 8; step++) {
        const before = it.state().at
        const messages: AgentMessage[] = [
          { type: 'evidence', jws: await evidence(it, luck.below(20)) },
          { type: 'evidence', jws: await other.evidence({ nonce: it.nonce(), now: NOW, facts, seq: 99 }) },
          {
            type: 'unchanged',
            jws: await device.unchanged({ nonce: it.nonce(), now: NOW, of: FIRST, seq: luck.below(20) }),
          },
          { type: 'authenticate', jws: await session(it) },
          goodbye('agent-stopping'),
        ]
        const message = luck.of([messages[0]!, messages[0]!, messages[0]!, ...messages])
        const events: [SessionEvent, ...SessionEvent[]] = [
          { type: 'message', message },
          { type: 'message', message },
          { type: 'device', device: luck.oneIn(4) ? null : KNOWN },
          ADMITTED,
          STORED,
          RECHECK,
          { type: 'tick' },
          { type: 'refused', code: 'internal' },
        ]
        const effects: SessionEffect[] = it.happens(luck.of(events))
        expect(effects.some(({ type }) => type === 'close')).toBe(it.state().at === 'closed' && before !== 'closed')
        for (const effect of effects) {
          if (effect.type !== 'store' || effect.report.kind !== 'evidence') continue
          const jws = parseJws(effect.report.jws, TYP.evidence)
          expect(jws.ok && jws.value.header.kid).toBe(device.id)
          expect(effect.report.sequence).toBeGreaterThan(7)
        }
      }
    }
  })
})
