import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { importJWK, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { EAR_PROFILE, readEar } from '../../shared/ear.ts'
import { TYP, signJws } from '../../shared/jws.ts'
import type { Facts } from '../../shared/signals.ts'
import { at, exception, laptop, off, on, policyOf, time } from '../../test/fakes/appraised.ts'
import { chance } from '../../test/fakes/chance.ts'
import { fakeDevice } from '../../test/fakes/device.ts'
import { factsOf, healthyFacts, healthyValues, unreadableFacts } from '../../test/fakes/facts.ts'
import { randomPast } from '../../test/fakes/random-past.ts'
import { appraise, type Appraisal } from '../appraisal/appraise.ts'
import { parseCatalogue } from '../appraisal/catalogue.ts'
import { parsePolicy } from '../appraisal/policy.ts'
import { attestationClaims, type AttestationInput } from './claims.ts'

const beside = (name: string) => readFileSync(join(import.meta.dirname, '..', name), 'utf8')
const policy = parsePolicy(beside('policy.yaml'))
const catalogue = parseCatalogue(beside('releases.yaml'))

const ISSUER = 'https://collector.example'
const NOW = new Date('2026-11-24T08:00:00.500Z')
const IAT = Math.floor(NOW.getTime() / 1000)
const device = fakeDevice(ISSUER)

const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)
const appraised = (facts: Facts): Appraisal =>
  appraise({
    evidence: { facts, receivedAt: NOW, confirmedAt: NOW },
    device: { id: device.id, platform: 'linux', tags: [], owner: null, identity: 'recognised' },
    policy,
    policySince: NOW,
    catalogue,
    exceptions: [],
    memory: {},
    now: NOW,
  })
const input = (more: Partial<AttestationInput> = {}): AttestationInput => ({
  issuer: ISSUER,
  audience: ISSUER,
  device: { id: device.id, jwk: device.jwk, keyProtection: 'software', attested: false, status: 'active' },
  appraisal: appraised(healthyFacts(NOW)),
  evidenceAt: NOW,
  freshnessMs: policy.freshnessMs,
  policyId: `${ISSUER}/v1/policies/1@sha256:abc`,
  build: 'muster 0.1.0',
  jti: 'jti-1',
  now: NOW,
  ...more,
})

describe('the claims', () => {
  test('are those of draft-04, with the names that it gives them, and no others', () => {
    const claims = attestationClaims(input())
    const expected = {
      iss: ISSUER,
      sub: device.id,
      aud: [ISSUER],
      jti: 'jti-1',
      iat: IAT,
      nbf: IAT,
      exp: IAT + 600,
      cnf: { jkt: device.id.slice('dev_'.length) },
      eat_profile: 'tag:ietf.org,2026:rats/ear#04',
      ear_verifier_id: { developer: 'https://muster.example', build: 'muster 0.1.0' },
      ear_status: 'affirming',
      submods: {
        device: {
          eat_profile: 'tag:muster.example,2026:device#1',
          ear_status: 'affirming',
          ear_trustworthiness_vector: { 'instance-identity': 2, configuration: 2, executables: 2, 'storage-opaque': 2 },
          ear_appraisal_policy_ids: [`${ISSUER}/v1/policies/1@sha256:abc`],
          ear_verifier_claims: {
            tiers: ['public', 'internal', 'confidential', 'restricted'],
            checks: expect.any(Array),
            keyProtection: 'software',
            attested: false,
            evidenceAt: NOW.toISOString(),
          },
        },
      },
    }
    expect(claims).toEqual(expected)
  })

  test('tell of each check its verdict and since when, and nothing that was found on the laptop', () => {
    const claims = attestationClaims(input())
    for (const check of claims?.submods.device.ear_verifier_claims.checks ?? []) {
      expect(check).toEqual({ id: expect.any(String), verdict: 'pass', since: NOW.toISOString() })
    }
    expect(JSON.stringify(claims)).not.toMatch(/nightingale|microsoft-defender|Debian/)
  })

  test('name the deadline of a check in grace', () => {
    const appraisal = appraised(healthyFacts(NOW))
    const [first, ...rest] = appraisal.checks
    const deadline = after(3600).toISOString()
    const checks = first ? [{ ...first, verdict: 'grace' as const, deadline }, ...rest] : []
    const claims = attestationClaims(input({ appraisal: { ...appraisal, checks } }))
    expect(claims?.submods.device.ear_verifier_claims.checks[0]).toMatchObject({ verdict: 'grace', deadline })
  })

  test('assert hardware for no key that was not attested', () => {
    expect(attestationClaims(input())?.submods.device.ear_trustworthiness_vector).not.toHaveProperty('hardware')
  })

  test('of an encrypted disk whose key only a passphrase guards are a warning, and may still admit', () => {
    const values = healthyValues(NOW)
    const volumes = values['disk-encryption'].volumes.map((volume) => ({
      ...volume,
      keyProtector: 'passphrase' as const,
    }))
    const appraisal = appraised(factsOf({ ...values, 'disk-encryption': { volumes } }, NOW))
    const claims = attestationClaims(input({ appraisal }))
    expect(claims?.ear_status).toBe('warning')
    expect(claims?.submods.device.ear_trustworthiness_vector['storage-opaque']).toBe(32)
    expect(claims?.submods.device.ear_verifier_claims.tiers).toContain('restricted')
  })

  test('of a laptop that could not be read say so, and affirm nothing but its identity', () => {
    const claims = attestationClaims(input({ appraisal: appraised(unreadableFacts(NOW)) }))
    expect(claims?.submods.device.ear_trustworthiness_vector).toEqual({ 'instance-identity': 2, configuration: 36 })
    expect(claims?.ear_status).toBe('warning')
  })
})

describe('an attestation ends', () => {
  const ending = (nextChange: Date | null, evidenceAt = NOW, freshnessMs = 900_000) =>
    attestationClaims(input({ appraisal: { ...appraised(healthyFacts(NOW)), nextChange }, evidenceAt, freshnessMs }))
      ?.exp

  test.each([
    { name: 'after ten minutes', nextChange: after(900), evidenceAt: NOW, seconds: 600 },
    { name: 'after ten minutes where time changes nothing', nextChange: null, evidenceAt: NOW, seconds: 600 },
    { name: 'with the moment at which time changes the answer', nextChange: after(90), evidenceAt: NOW, seconds: 90 },
    { name: 'with the freshness of the evidence', nextChange: null, evidenceAt: after(-840), seconds: 60 },
    { name: 'with whatever comes first', nextChange: after(50), evidenceAt: after(-840), seconds: 50 },
    {
      name: 'never a moment later, so parts of a second are cut off',
      nextChange: after(90.4),
      evidenceAt: NOW,
      seconds: 90,
    },
  ])('$name', ({ nextChange, evidenceAt, seconds }) => {
    expect(ending(nextChange, evidenceAt)).toBe(IAT + seconds)
  })

  test.each([
    { name: 'the evidence ran out', nextChange: null, evidenceAt: after(-900) },
    { name: 'the evidence ran out long ago', nextChange: null, evidenceAt: after(-90_000) },
    { name: 'the answer has changed since', nextChange: after(-1), evidenceAt: NOW },
    { name: 'the answer changes within this second', nextChange: after(0.4), evidenceAt: NOW },
  ])('before it begins where $name, so there is none', ({ nextChange, evidenceAt }) => {
    expect(ending(nextChange, evidenceAt)).toBeUndefined()
  })
})

describe('a signed attestation', () => {
  const options = { issuer: ISSUER, audience: 'https://gw.example', typ: 'eat+jwt', algorithms: ['ES256'] }
  const verify = async (more: object = {}) => {
    const claims = attestationClaims(input({ audience: 'https://gw.example' }))
    const signed = await signJws({ typ: TYP.attestation, kid: 'key-1' }, claims ?? {}, device.sign)
    return jwtVerify(signed, await importJWK(device.jwk, 'ES256'), { ...options, currentDate: NOW, ...more })
  }

  test('is verified by jose with the type, issuer and audience that a verifier demands', async () => {
    const { payload, protectedHeader } = await verify()
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'eat+jwt', kid: 'key-1' })
    expect(payload).toMatchObject({ sub: device.id, ear_status: 'affirming' })
  })

  test.each([
    { name: 'for another audience', more: { audience: 'https://other.example' }, why: /"aud"/ },
    { name: 'of another issuer', more: { issuer: 'https://other.example' }, why: /"iss"/ },
    { name: 'as another type', more: { typ: 'JWT' }, why: /"typ"/ },
    { name: 'after its end', more: { currentDate: after(600) }, why: /"exp"/ },
    { name: 'before its beginning', more: { currentDate: after(-2) }, why: /"nbf"/ },
  ])('is refused by jose $name', async ({ more, why }) => {
    await expect(verify(more)).rejects.toThrow(why)
  })
})

describe('the status of an attestation', () => {
  test('is where the collector says, and part of what is signed', async () => {
    const claims = attestationClaims(input())
    const status = { status_list: { idx: 1993, uri: `${ISSUER}/v1/status-lists/1` } }
    const signed = await signJws({ typ: TYP.attestation, kid: 'key-1' }, { ...claims, status }, device.sign)
    const { payload } = await jwtVerify(signed, await importJWK(device.jwk, 'ES256'), { currentDate: NOW })
    expect(payload['status']).toEqual(status)
  })

  test.each(['pending', 'locked-out'])('there is none for a device that is %s', (status) => {
    expect(attestationClaims(input({ device: { ...input().device, status } }))).toBeNull()
  })
})

const claimsAt = (minutes: number, appraisal: Appraisal, evidenceAt = at(minutes)) =>
  attestationClaims(input({ appraisal, evidenceAt, now: at(minutes) }))

describe('what is tolerated for a while', () => {
  test('keeps the code of the fact beneath, its deadline, and ends the attestation with it', () => {
    const it = laptop(policyOf())
    it.reports(0, on)
    const claims = claimsAt(55, it.reports(55, off))
    expect(claims?.submods.device).toMatchObject({
      ear_status: 'warning',
      ear_trustworthiness_vector: { configuration: 32 },
      ear_verifier_claims: {
        tiers: ['public', 'internal'],
        checks: [{ id: 'firewall', verdict: 'grace', deadline: time(115) }],
      },
    })
    expect(claimsAt(112, it.reports(112, off))?.exp).toBe(at(115).getTime() / 1000)
  })

  test('by an exception just so', () => {
    const it = laptop(policyOf())
    it.excused(0, exception(0, 30))
    it.reports(0, off)
    const claims = claimsAt(25, it.reports(25, off))
    expect(claims?.exp).toBe(at(30).getTime() / 1000)
    expect(claims?.submods.device).toMatchObject({
      ear_trustworthiness_vector: { configuration: 32 },
      ear_verifier_claims: {
        tiers: ['public', 'internal'],
        checks: [{ id: 'firewall', verdict: 'excepted', deadline: time(30) }],
      },
    })
    expect(JSON.stringify(claims)).not.toContain('anna@example.com')
  })

  test.each([
    { name: 'ends the attestation', mode: 'enforce' as const, exp: 60 },
    { name: 'does not where the check is shown and never counted', mode: 'report' as const, exp: 600 },
  ])('and known by its deadline alone $name', ({ mode, exp }) => {
    const appraisal = appraised(healthyFacts(NOW))
    const [first, ...rest] = appraisal.checks
    const checks = first ? [{ ...first, mode, deadline: after(60).toISOString() }, ...rest] : []
    expect(attestationClaims(input({ appraisal: { ...appraisal, nextChange: null, checks } }))?.exp).toBe(IAT + exp)
  })

  test('has nothing to say once its deadline is over', () => {
    const appraisal = appraised(healthyFacts(NOW))
    const checks = appraisal.checks.map((check) => ({ ...check, deadline: after(-1).toISOString() }))
    expect(attestationClaims(input({ appraisal: { ...appraisal, checks } }))).toBeNull()
  })
})

/** What holds of every attestation of every device at every moment of its life. */
test('over random lives every attestation is a good EAR, and holds until its end', () => {
  const seen = { attestations: 0, tolerated: 0, short: 0 }
  for (let seed = 0; seed < 1500; seed++) {
    const { input: asked, appraisal } = randomPast(chance(seed))
    if (!asked.evidence) continue
    const { confirmedAt } = asked.evidence
    const { freshnessMs } = asked.policy
    const claims = attestationClaims(input({ appraisal, evidenceAt: confirmedAt, freshnessMs, now: asked.now }))
    if (!claims) continue
    const { tiers, checks } = claims.submods.device.ear_verifier_claims

    const ear = readEar(JSON.stringify(claims), { profiles: { [EAR_PROFILE]: 'draft-04' }, hasPlainTimes: true })
    expect([seed, ear]).toMatchObject([seed, { ok: true, value: { status: appraisal.earStatus } }])
    expect(claims.ear_status).toBe(claims.submods.device.ear_status)

    // A device whose identity is in doubt may use nothing.
    const mayUse = asked.device.identity === 'recognised' ? asked.policy.tiers.map(({ name }) => name) : []
    expect([seed, tiers.filter((tier) => !mayUse.includes(tier))]).toEqual([seed, []])

    const end = claims.exp * 1000
    expect(end).toBeLessThanOrEqual(asked.now.getTime() + 600_000)
    expect(end).toBeLessThanOrEqual(confirmedAt.getTime() + freshnessMs)
    const deadlines = appraisal.checks.filter(({ mode }) => mode === 'enforce').map(({ deadline }) => deadline)
    for (const deadline of deadlines) {
      expect([seed, deadline === undefined || end <= Date.parse(deadline)]).toEqual([seed, true])
    }
    // In the last millisecond of its life it is still true: the same evidence gives the same tiers.
    const late = appraise({ ...asked, memory: appraisal.memory, now: new Date(end - 1) })
    expect([seed, late.tiers]).toEqual([seed, tiers])

    seen.attestations++
    if (checks.some(({ verdict }) => verdict === 'grace' || verdict === 'excepted')) seen.tolerated++
    if (claims.exp - claims.iat < 600) seen.short++
  }
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50)
})
