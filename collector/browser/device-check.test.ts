import { expect, test } from 'vitest'
import { fakeDevice } from '../../test/fakes/device.ts'
import { digest } from '../../shared/jws.ts'
import { signBrowserProof } from '../../shared/browser.ts'
import type { Standing } from '../../shared/standing.ts'
import { parsePolicy } from '../appraisal/policy.ts'
import { openDeviceCheck } from './device-check.ts'
import { CHECK_LIMITS } from './limits.ts'
import { openBrowserSessions } from './sessions.ts'

const START = new Date('2026-11-25T08:00:00Z')
const ISSUER = 'https://muster.example'
const WIKI = 'https://wiki.example.com/start'
const STATE = 's'.repeat(43)
const policyFor = (match: string) =>
  parsePolicy(
    `version: 1\nfreshness: 15m\ntiers: { internal: [] }\nresources: [{ match: "${match}", tier: internal }]\ndefault-tier: internal\n`,
  )

/** A device check over one laptop that is admitted, with a clock and a policy that a test holds. */
function held() {
  const device = fakeDevice(ISSUER)
  let now = START
  let policy = policyFor('wiki.example.com')
  const clock = () => now
  const secret = Buffer.alloc(32, 3)
  const standing: Standing = {
    deviceId: device.id,
    status: 'active',
    tiers: ['internal'],
    checks: [],
    earStatus: 'affirming',
    evidenceAt: START.toISOString(),
    evaluatedAt: START.toISOString(),
    nextChange: null,
    policyVersion: 1,
  }
  const known = { id: device.id, key: device.key, lockedOut: false, lastSequence: 1, evidenceDigest: null }
  const check = openDeviceCheck({
    fleet: {
      sessionDevice: (id) => (id === device.id ? known : null),
      standing: (id) => (id === device.id ? standing : null),
    },
    gateways: { list: () => [] },
    sessions: openBrowserSessions({ secret, hours: 8, clock }),
    policy: () => policy,
    recheck: () => false,
    issuerUrl: ISSUER,
    secret,
    clock,
  })
  return {
    ...check,
    later: (seconds: number) => void (now = new Date(now.getTime() + seconds * 1000)),
    usePolicy: (match: string) => void (policy = policyFor(match)),
    async prove(from: { cookies: string; ticket: string | undefined }) {
      const claims = { iss: device.id, aud: ISSUER, origin: ISSUER, jti: 'jti-jti-jti-jti-' }
      const iat = Math.floor(now.getTime() / 1000)
      const nonce = check.nonce(from.cookies)
      return check.prove(await signBrowserProof({ ...claims, iat, nonce }, device.sign), from)
    },
  }
}

const cookieOf = ({ setCookie }: { setCookie: string }) => setCookie.split(';')[0] ?? ''

test('a check lasts an hour, and begins anew with each page', async () => {
  const { begin, nonce, prove, later } = held()
  const first = begin({ returnTo: WIKI }, undefined)
  later(CHECK_LIMITS.preSessionSeconds - 1)
  const second = begin({}, cookieOf(first))
  expect((await prove({ cookies: cookieOf(first), ticket: undefined })).outcome.next).toBe(WIKI)
  later(1)
  expect(() => nonce(cookieOf(first))).toThrow(expect.objectContaining({ code: 'device-check-over' }))
  // The page that the agent led back to remembers where to, by the cookie.
  expect((await prove({ cookies: cookieOf(second), ticket: undefined })).outcome.next).toBe(WIKI)
})

test('the ticket of a page is good for an hour; then counts what the browser came with last', async () => {
  const { begin, prove, later } = held()
  const old = begin({ returnTo: `${WIKI}/old` }, undefined)
  later(CHECK_LIMITS.preSessionSeconds - 1)
  const cookies = cookieOf(begin({ returnTo: `${WIKI}/new` }, undefined))
  const nextOf = async (ticket: string) => (await prove({ cookies, ticket })).outcome.next
  expect(await nextOf(old.ticket)).toBe(`${WIKI}/old`)
  later(1)
  expect([await nextOf(old.ticket), await nextOf('x'), await nextOf(`${old.ticket}x`)]).toEqual([
    `${WIKI}/new`,
    `${WIKI}/new`,
    `${WIKI}/new`,
  ])
})

test('"check again" leans on a proof for an hour, however often the page is opened', async () => {
  const { begin, prove, again, later } = held()
  const begun = begin({ returnTo: WIKI }, undefined)
  const proved = await prove({ cookies: cookieOf(begun), ticket: begun.ticket })
  later(CHECK_LIMITS.preSessionSeconds - 1)
  const reopened = begin({ returnTo: WIKI }, cookieOf(proved))
  const from = { cookies: cookieOf(reopened), ticket: undefined }
  expect(await again(from)).toMatchObject({ agent: 'away', outcome: { next: WIKI } })
  later(1)
  await expect(again(from)).rejects.toMatchObject({ code: 'device-check-over' })
})

test('a host that the policy has dropped meanwhile is none to go back to', async () => {
  const { begin, prove, usePolicy } = held()
  const begun = begin({ returnTo: WIKI }, undefined)
  usePolicy('docs.example.com')
  await expect(prove({ cookies: cookieOf(begun), ticket: begun.ticket })).rejects.toMatchObject({
    code: 'return-refused',
  })
})

test('a code is for the state of a host and for nothing of another form', async () => {
  const { begin, prove, redeem } = held()
  const nextOf = async (state: string) => {
    const begun = begin({ returnTo: WIKI, state }, undefined)
    return (await prove({ cookies: cookieOf(begun), ticket: begun.ticket })).outcome.next
  }
  for (const state of ['', 'short', `${STATE}s`, `${STATE.slice(1)}.`]) expect(await nextOf(state)).toBe(WIKI)
  const code = new URL((await nextOf(STATE)) ?? '').searchParams.get('code') ?? ''
  expect(() => redeem(code, 'docs.example.com', undefined)).toThrow(
    expect.objectContaining({ code: 'check-code-invalid' }),
  )
})

test('a code that is shown once more binds nobody, and only tells where its browser wanted to go', async () => {
  const { begin, prove, redeem } = held()
  const value = 'v'.repeat(43)
  const cookies = `__Host-muster-state=${value}`
  const begun = begin({ returnTo: WIKI, state: digest(value) }, undefined)
  const { outcome } = await prove({ cookies: cookieOf(begun), ticket: begun.ticket })
  const code = new URL(outcome.next ?? '').searchParams.get('code') ?? ''
  const first = redeem(code, 'wiki.example.com', cookies)
  expect(first).toMatchObject({ end: 'bound', returnTo: WIKI, setCookies: [expect.anything(), expect.anything()] })
  // The answer was lost on its way: the state is still there, and nothing else.
  expect(redeem(code, 'wiki.example.com', cookies)).toEqual({ end: 'lost', returnTo: WIKI, setCookies: [] })
  // A page that is loaded again.
  const bound = first.setCookies[0]?.split(';')[0]
  expect(redeem(code, 'wiki.example.com', bound)).toEqual({ end: 'bound', returnTo: WIKI, setCookies: [] })
  const other = `__Host-muster-state=${'w'.repeat(43)}`
  expect(redeem(code, 'wiki.example.com', other)).toEqual({ end: 'another', returnTo: WIKI, setCookies: [] })
})
