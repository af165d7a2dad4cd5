import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { importJWK, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { TYP, signJws } from '../../shared/jws.ts'
import type { Facts } from '../../shared/signals.ts'
import { EAR_STATUSES } from '../../shared/standing.ts'
import { chance } from '../../test/fakes/chance.ts'
import { fakeDevice } from '../../test/fakes/device.ts'
import { factsOf, healthyFacts, healthyValues, unreadableFacts } from '../../test/fakes/facts.ts'
import { randomFacts } from '../../test/fakes/random-facts.ts'
import { NO_VECTORS, readVectors } from '../../test/fakes/vectors.ts'
import { appraise, type Appraisal } from '../appraisal/appraise.ts'
import { parseCatalogue } from '../appraisal/catalogue.ts'
import { parsePolicy } from '../appraisal/policy.ts'
import { statusOf } from '../appraisal/trust-vector.ts'
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
    device: { platform: 'linux', tags: [], identity: 'recognised' },
    policy,
    catalogue,
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

const record = (it: unknown): Record<string, unknown> =>
  typeof it === 'object' && it !== null && !Array.isArray(it) ? (it as Record<string, unknown>) : {}

const badness = (status: unknown) => EAR_STATUSES.findIndex((known) => known === status)

/** The rules of draft-04 that one can see in the claims alone. Returns what breaks them. */
function breaches(it: unknown): string[] {
  const claims = record(it)
  const submods = Object.entries(record(claims['submods']))
  const { developer, build } = record(claims['ear_verifier_id'])
  const [topology, raw] = [claims['ear_device_topology'], claims['ear_raw_evidence']]
  const found = [
    claims['eat_profile'] === 'tag:ietf.org,2026:rats/ear#04' ? '' : 'eat_profile',
    Number.isInteger(claims['iat']) ? '' : 'iat',
    typeof developer === 'string' && typeof build === 'string' ? '' : 'ear_verifier_id',
    submods.length > 0 ? '' : 'submods',
    raw === undefined || (Array.isArray(raw) && raw.length === 2) ? '' : 'ear_raw_evidence',
    topology === undefined || Object.keys(record(topology)).length > 0 ? '' : 'ear_device_topology',
    Object.values(record(topology)).every((below) => Array.isArray(below) && below.length > 0) ? '' : 'sub-attesters',
  ]
  for (const [name, appraisal] of submods) {
    const { ear_status: status, ear_trustworthiness_vector: vector } = record(appraisal)
    const overall = claims['ear_status']
    if (badness(status) < 0) found.push(`${name}: ear_status`)
    if (overall !== undefined && overall !== 'none' && badness(overall) < badness(status))
      found.push(`better than ${name}`)
    for (const [claim, code] of Object.entries(record(vector))) {
      if (!/^[a-z]+(-[a-z]+)*$/.test(claim) || !Number.isInteger(code)) found.push(`${name}: ${claim}`)
      if (badness(status) < badness(statusOf(Number(code)))) found.push(`${name}: better than ${claim}`)
    }
  }
  return found.filter((breach) => breach !== '')
}

describe('the rules of EAR', () => {
  type Case = { name: string; expect: string; claims: unknown }

  test.skipIf(NO_VECTORS !== '')(`are written here as the published cases have them${NO_VECTORS}`, () => {
    const cases = readVectors('ear/claims-negative-draft04.json') as Case[]
    expect(cases.length).toBeGreaterThan(3)
    for (const { name, expect: wanted, claims } of cases)
      expect([name, breaches(claims).length === 0]).toEqual([name, wanted === 'accept'])
    for (const name of ['fig3-contraindicated', 'fig4-composite-affirming', 'status-and-topology', 'rust-claims-tv']) {
      expect([name, breaches(readVectors(`ear/claims/draft04-${name}.json`))]).toEqual([name, []])
    }
  })

  test('hold for what we issue about any laptop', () => {
    for (let seed = 0; seed < 1000; seed++) {
      const appraisal = appraised(randomFacts(chance(seed), NOW))
      const claims = attestationClaims(input({ appraisal }))
      expect([seed, claims && breaches(claims)]).toEqual([seed, claims && []])
      if (!claims) continue
      expect(claims.ear_status).toBe(claims.submods.device.ear_status)
      expect(Object.keys(claims.submods.device.ear_trustworthiness_vector).length).toBeGreaterThan(0)
    }
  })
})
