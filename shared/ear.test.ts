import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createLocalJWKSet, decodeProtectedHeader, importJWK, jwtVerify, type JSONWebKeySet } from 'jose'
import { describe, expect, test } from 'vitest'
import { mutations } from '../test/fakes/mutations.ts'
import { NO_VECTORS, VECTORS, readVectors } from '../test/fakes/vectors.ts'
import { EAR_PROFILE, EAR_PROFILES, readEar, type Ear } from './ear.ts'
import { EAR_STATUSES } from './standing.ts'

/** The verdict on what is good, where others have their problem. */
const GOOD = /^good$/

const good = (): Record<string, unknown> => ({
  eat_profile: EAR_PROFILE,
  iat: 1_795_339_201,
  exp: 1_795_339_801,
  ear_verifier_id: { developer: 'https://muster.example', build: 'collector 1' },
  ear_status: 'warning',
  submods: {
    device: {
      ear_status: 'warning',
      ear_trustworthiness_vector: { 'instance-identity': 2, configuration: 36 },
      ear_appraisal_policy_ids: ['https://collector.example/v1/policies/1'],
      ear_verifier_claims: { tiers: ['public'] },
    },
  },
})
const appraisal = (more: object) => ({
  submods: { device: { ear_status: 'affirming', ...more } },
  ear_status: undefined,
})
const dotted = (more: object = {}, of: object = {}) => ({
  eat_profile: 'tag:github.com,2023:veraison/ear',
  iat: 1,
  'ear.verifier-id': { developer: 'https://muster.example', build: 'collector 1' },
  submods: { device: { 'ear.status': 'affirming', ...of } },
  ...more,
})

const read = (claims: unknown) => readEar(JSON.stringify(claims))
const valueOf = (json: string): Ear => {
  const ear = readEar(json)
  if (!ear.ok) throw new Error(ear.problem)
  return ear.value
}

describe('an EAR', () => {
  test('is read in the names of -04', () => {
    expect(read({ ...good(), eat_nonce: 'bm9uY2Utb25l', unheard_of: 1 })).toEqual({
      ok: true,
      value: {
        profile: EAR_PROFILE,
        issuedAt: 1_795_339_201,
        expiresAt: 1_795_339_801,
        verifier: { developer: 'https://muster.example', build: 'collector 1' },
        status: 'warning',
        nonces: ['bm9uY2Utb25l'],
        submods: {
          device: {
            status: 'warning',
            vector: { 'instance-identity': 2, configuration: 36 },
            policyIds: ['https://collector.example/v1/policies/1'],
            nonces: [],
            profile: null,
            attesterClaims: null,
            verifierClaims: { tiers: ['public'] },
            attestedKey: null,
          },
        },
        unread: [],
        topology: null,
      },
    })
  })

  test('is read in the names of the drafts before -03', () => {
    const of = {
      'ear.trustworthiness-vector': { hardware: 2 },
      'ear.appraisal-policy-id': 'policy://1',
      'ear.veraison.annotated-evidence': { k: 'v' },
      'ear.veraison.policy-claims': { foo: 'bar' },
      'ear.veraison.key-attestation': { akpub: 'YWtwdWIK' },
    }
    expect(valueOf(JSON.stringify(dotted({ 'ear.raw-evidence': '3q2-7w' }, of))).submods['device']).toEqual({
      status: 'affirming',
      vector: { hardware: 2 },
      policyIds: ['policy://1'],
      nonces: [],
      profile: null,
      attesterClaims: { k: 'v' },
      verifierClaims: { foo: 'bar' },
      attestedKey: 'YWtwdWIK',
    })
  })

  test.each<[name: string, claims: object]>([
    ['without an end', { exp: undefined }],
    ['that says nothing of the whole', { ear_status: undefined }],
    ['that explicitly says nothing of the whole', { ear_status: 'none' }],
    ['that says worse of the whole than of its parts', { ear_status: 'contraindicated' }],
    ['of the editors', { eat_profile: 'tag:ietf.org,2026:rats/ear#05' }],
    ['without a vector', appraisal({})],
    ['whose vector claims nothing', appraisal({ ear_trustworthiness_vector: { hardware: 0, configuration: -1 } })],
    [
      'whose status claims nothing over a good vector',
      appraisal({ ear_status: 'none', ear_trustworthiness_vector: { hardware: 2 } }),
    ],
    [
      'with codes of its own',
      appraisal({ ear_status: 'contraindicated', ear_trustworthiness_vector: { hardware: -128 } }),
    ],
    ['with several nonces', { eat_nonce: ['bm9uY2Utb25l', 'bm9uY2UtdHdv'] }],
    ['with raw evidence', { ear_raw_evidence: ['application/vnd.evidence', '3q2-7w'] }],
    ['with raw evidence that says what it is', { ear_raw_evidence: ['application/vnd.evidence', '3q2-7w', 2] }],
    ['with a topology', { ear_device_topology: { device: ['gpu'] } }],
    ['with names of other drafts besides', { 'ear.status': 'nonsense', 'ear.verifier-id': 7 }],
    ['with a verifier that says more', { ear_verifier_id: { developer: 'd', build: 'b', site: 'c' } }],
  ])('%s is good', (_name, claims) => {
    expect(read({ ...good(), ...claims })).toMatchObject({ ok: true })
  })

  test.each<[name: string, claims: unknown, problem: RegExp]>([
    ['nothing', null, /not a JSON object/],
    ['a list', [good()], /not a JSON object/],
    ['no profile', { ...good(), eat_profile: undefined }, /eat_profile/],
    ['an unknown profile', { ...good(), eat_profile: 'tag:ietf.org,2026:rats/ear#99' }, /eat_profile/],
    ['a profile of evidence', { ...good(), eat_profile: 'tag:muster.example,2026:evidence#1' }, /eat_profile/],
    ['a profile that every object has', { ...good(), eat_profile: 'constructor' }, /eat_profile/],
    ['a profile in a list', { ...good(), eat_profile: [EAR_PROFILE] }, /eat_profile/],
    ['names of another form than its profile', { ...dotted(), eat_profile: EAR_PROFILE }, /verifier/],
    [
      'names of another form than its profile, the other way',
      { ...good(), eat_profile: 'tag:ietf.org,2025-07:ear' },
      /verifier/,
    ],
    ['no time', { ...good(), iat: undefined }, /^(it|iat) must.*(iat|integer|0)/],
    ['a time in words', { ...good(), iat: '2026-11-22' }, /^(it|iat) must.*(iat|integer|0)/],
    ['a part of a second', { ...good(), iat: 1_795_339_201.5 }, /^(it|iat) must.*(iat|integer|0)/],
    ['a time before all times', { ...good(), iat: -1 }, /^(it|iat) must.*(iat|integer|0)/],
    ['an end with a part of a second', { ...good(), exp: 1_795_339_801.5 }, /^exp must/],
    ['no verifier', { ...good(), ear_verifier_id: undefined }, /verifier/],
    ['a verifier without a build', { ...good(), ear_verifier_id: { developer: 'd' } }, /build/],
    ['a verifier without a developer', { ...good(), ear_verifier_id: { build: 'b' } }, /developer/],
    ['a verifier that is a text', { ...good(), ear_verifier_id: 'muster' }, /verifier/],
    ['an unknown status', { ...good(), ear_status: 'good' }, /status/],
    ['no submodules', { ...good(), submods: undefined }, /submods/],
    ['empty submodules', { ...good(), submods: {} }, /submods/],
    ['a list of submodules', { ...good(), submods: [{ ear_status: 'none' }] }, /submods/],
    ['a submodule that is a text', { ...good(), submods: { device: 'affirming' } }, /device: it is not an appraisal/],
    ['a submodule that is a list of anything', { ...good(), submods: { device: ['JWT', 1] } }, /device/],
    ['a submodule without a status', { ...good(), submods: { device: {} } }, /device: .*status/],
    ['a status in CBOR', { ...good(), ...appraisal({ ear_status: 2 }) }, /device: .*status/],
    [
      'nothing but submodules of an unknown form',
      { ...good(), submods: { cpu: ['JWT', 'e30.e30.'] } },
      /none that can be read/,
    ],
    ['an empty vector', { ...good(), ...appraisal({ ear_trustworthiness_vector: {} }) }, /vector/],
    [
      'a code that is no byte',
      { ...good(), ...appraisal({ ear_trustworthiness_vector: { hardware: 128 } }) },
      /hardware/,
    ],
    [
      'a code below a byte',
      { ...good(), ...appraisal({ ear_trustworthiness_vector: { hardware: -129 } }) },
      /hardware/,
    ],
    [
      'a code with a fraction',
      { ...good(), ...appraisal({ ear_trustworthiness_vector: { hardware: 2.5 } }) },
      /hardware/,
    ],
    ['a code in words', { ...good(), ...appraisal({ ear_trustworthiness_vector: { hardware: '2' } }) }, /hardware/],
    ['a policy that is no list', { ...good(), ...appraisal({ ear_appraisal_policy_ids: 'p' }) }, /policies/],
    ['an empty list of policies', { ...good(), ...appraisal({ ear_appraisal_policy_ids: [] }) }, /policies/],
    ['a list of policies in an old draft', dotted({}, { 'ear.appraisal-policy-id': ['p'] }), /policies/],
    [
      'verifier claims that are no object',
      { ...good(), ...appraisal({ ear_verifier_claims: 'tiers' }) },
      /verifierClaims/,
    ],
    ['an attested key without a key', { ...good(), ...appraisal({ ear_veraison_key_attestation: {} }) }, /akpub/],
    ['a short nonce', { ...good(), eat_nonce: 'short' }, /eat_nonce/],
    ['no nonce in a list', { ...good(), eat_nonce: [] }, /eat_nonce/],
    ['raw evidence of -03 in -04', { ...good(), ear_raw_evidence: '3q2-7w' }, /rawEvidence/],
    [
      'raw evidence of -04 in -03',
      { ...good(), eat_profile: 'tag:ietf.org,2026:rats/ear#03', ear_raw_evidence: ['a/b', '3q2-7w'] },
      /rawEvidence/,
    ],
    ['a topology that is a list', { ...good(), ear_device_topology: ['device'] }, /topology/],
    [
      'a status that is better than the vector',
      { ...good(), ...appraisal({ ear_trustworthiness_vector: { hardware: 2, configuration: 32 } }) },
      /ear_status is better than configuration/,
    ],
    [
      'a status that is better than a code of the verifier',
      { ...good(), ...appraisal({ ear_trustworthiness_vector: { hardware: -33 } }) },
      /better/,
    ],
    [
      'a status that is better than a claim that we do not know',
      { ...good(), ...appraisal({ ear_trustworthiness_vector: { weather: 96 } }) },
      /better/,
    ],
    [
      'a status that claims nothing over a bad vector',
      { ...good(), ...appraisal({ ear_status: 'none', ear_trustworthiness_vector: { hardware: 96 } }) },
      /better/,
    ],
    [
      'a whole that is better than its worst part',
      { ...good(), ear_status: 'affirming' },
      /better than the worst submodule/,
    ],
  ])('with %s is refused', (_name, claims, problem) => {
    expect(read(claims)).toEqual({ ok: false, problem: expect.stringMatching(problem) })
  })

  test('that is not JSON is refused', () => {
    for (const text of ['', '{', 'undefined', '{"a":1}x', '\u0000']) expect(readEar(text).ok).toBe(false)
  })

  test('with a submodule of an unknown form says so, and judges by the others', () => {
    const submods = { device: { ear_status: 'warning' }, cpu: { ...good() }, gpu: ['JWT', 'e30.e30.'] }
    const ear = valueOf(JSON.stringify({ ...good(), submods }))
    expect(ear.unread).toEqual(['cpu', 'gpu'])
    expect(Object.keys(ear.submods)).toEqual(['device'])
  })

  test('with labels that are dangerous names keeps them apart', () => {
    const json = JSON.stringify({ ...good(), ear_status: 'none' }).replace('"device"', '"__proto__"')
    const { submods } = valueOf(json)
    expect(Object.keys(submods)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(submods)).toBe(Object.prototype)
  })

  test('may write a whole number with an exponent, unless plain times are asked for', () => {
    const json = JSON.stringify(good())
    const spelt = json
      .replace('"iat":1795339201', '"iat":1.795339201e+09')
      .replace('"exp":1795339801', '"exp":1795339801.0')
    expect(valueOf(spelt)).toEqual(valueOf(json))
    expect(readEar(json, { hasPlainTimes: true }).ok).toBe(true)
    expect(readEar(spelt, { hasPlainTimes: true })).toMatchObject({ ok: false })
    const onlyEnd = json.replace('"exp":1795339801', '"exp":1.795339801e9')
    expect(readEar(onlyEnd, { hasPlainTimes: true })).toEqual({
      ok: false,
      problem: expect.stringMatching(/^exp must/),
    })
  })

  test('with damage by the thousand is read or refused, and never better than its parts', () => {
    const json = JSON.stringify(good())
    const ears = [...mutations(json, 10_000)].map((text) => readEar(text))
    const readAll = ears.flatMap((ear) => (ear.ok ? [ear.value] : []))
    expect(readAll.length).toBeLessThan(5000)
    const worse = readAll.filter(({ status, submods }) =>
      Object.values(submods).some(
        (it) => status !== null && status !== 'none' && EAR_STATUSES.indexOf(status) < EAR_STATUSES.indexOf(it.status),
      ),
    )
    expect(worse).toEqual([])
  })
})

describe.skipIf(NO_VECTORS !== '')(`the published claims${NO_VECTORS}`, () => {
  /** Every file of the folder, and what is wrong with those that are refused. */
  const CLAIMS: Record<string, RegExp> = {
    'draft02-ear-json-1': GOOD,
    'draft02-ear-json-2': GOOD,
    'draft02-ext-teep-json-1': GOOD,
    'draft02-ext-veraison-json-1': GOOD,
    'draft02-ext-veraison-json-2': GOOD,
    'draft03-ear-json-1': GOOD,
    'draft03-ear-json-2': GOOD,
    'draft03-ext-teep-json-1': GOOD,
    'draft03-ext-veraison-json-1': GOOD,
    'draft03-ext-veraison-json-2': GOOD,
    'draft04-fig3-contraindicated': GOOD,
    'draft04-fig4-composite-affirming': GOOD,
    'draft04-go-extensions': GOOD,
    'draft04-nested-submods-example3': GOOD,
    'draft04-rust-claims-tv': GOOD,
    'draft04-status-and-topology': GOOD,
    'veraison-ear-claims-extension-ok': GOOD,
    'veraison-ear-claims-key-attestation-ko': /PARSEC_TPM: .*akpub/,
    'veraison-ear-claims-key-attestation-ok': GOOD,
    'veraison-ear-claims-tv-ok': GOOD,
    'veraison-ear-claims': GOOD,
  }
  const folder = join(VECTORS, 'ear/claims')

  test('are all in the table', () => {
    expect(readdirSync(folder).toSorted()).toEqual(
      Object.keys(CLAIMS)
        .map((name) => `${name}.json`)
        .toSorted(),
    )
  })

  test.each(Object.entries(CLAIMS))('%s: %s', (name, expected) => {
    const ear = readEar(readFileSync(join(folder, `${name}.json`), 'utf8'))
    expect(ear.ok ? 'good' : ear.problem).toMatch(expected)
  })

  const file = (name: string) => valueOf(readFileSync(join(folder, `${name}.json`), 'utf8'))

  test('say the same in the three ways of writing them', () => {
    const [two, three, four] = ['draft02-ear-json-1', 'draft03-ear-json-1', 'draft04-fig3-contraindicated'].map(file)
    expect(two?.submods).toEqual(three?.submods)
    expect(three?.submods).toEqual(four?.submods)
    expect(four?.submods['PSA']).toMatchObject({ status: 'contraindicated', vector: { executables: 96 } })
  })

  test('tell their extensions, their topology and what is nested', () => {
    expect(file('draft04-go-extensions').submods['test']).toMatchObject({
      attesterClaims: { k1: 'v1', k2: 'v2' },
      verifierClaims: { bar: 'baz', foo: 'bar' },
      attestedKey: 'YWtwdWIK',
    })
    expect(file('draft04-status-and-topology').topology).toEqual({ 'CCA Platform': ['CCA Realm'] })
    expect(file('draft04-nested-submods-example3').unread).toEqual(['cpu', 'gpu'])
  })

  type Negative = { name: string; expect: 'accept' | 'reject'; claims: unknown }
  const NEGATIVES: Record<string, RegExp> = {
    'overall status more trustworthy than worst submod': /better than the worst submodule/,
    'overall status none over contraindicated submod is allowed': GOOD,
    'empty topology map': /topology/,
    'topology with empty sub-attester list': /topology/,
    'raw evidence as CMW collection': /rawEvidence/,
    'missing everything': /eat_profile/,
  }
  const negatives = NO_VECTORS ? [] : (readVectors('ear/claims-negative-draft04.json') as Negative[])

  test('that are bad are all in the table', () => {
    expect(negatives.map(({ name }) => name)).toEqual(Object.keys(NEGATIVES))
    for (const { name, expect: wanted } of negatives)
      expect([name, NEGATIVES[name] === GOOD]).toEqual([name, wanted === 'accept'])
  })

  test.each(negatives)('$name: $expect', ({ name, claims }) => {
    const ear = read(claims)
    expect(ear.ok ? 'good' : ear.problem).toMatch(NEGATIVES[name] ?? 'not in the table')
  })
})

describe.skipIf(NO_VECTORS !== '')(`the published tokens, with jose and the published keys${NO_VECTORS}`, () => {
  type Token = { name: string; token: string; verify_with?: string; expect?: string }
  const jwks = NO_VECTORS ? { keys: [] } : (readVectors('ear/jwks.json') as JSONWebKeySet)
  const tokens = NO_VECTORS
    ? []
    : [
        ...(readVectors('ear/signed-valid.json') as Token[]),
        ...(readVectors('ear/signed-invalid.json') as Token[]),
        ...(readVectors('ear/generated-signed.json') as { vectors: Token[] }).vectors,
      ]

  /**
   * Verifies as a relying party does that trusts these two keys. The published tokens name no key, so each is tried; a key
   * in the header is never looked at. Gives back what is wrong, or `good`.
   */
  async function verdict(token: string, typ: string, profiles = EAR_PROFILES): Promise<string> {
    let problem = ''
    for (const key of jwks.keys) {
      try {
        const options = { typ, algorithms: ['ES256'], currentDate: new Date('2026-11-24T08:00:00Z') }
        await jwtVerify(token, await importJWK(key, 'ES256'), options)
        const ear = readEar(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(), { profiles })
        return ear.ok ? 'good' : ear.problem
      } catch (error) {
        problem ||= error instanceof Error ? error.message : String(error)
      }
    }
    return problem
  }

  const TOKENS: Record<string, { typ: string; verdict: RegExp }> = {
    'arc.testJWT': { typ: 'JWT', verdict: GOOD },
    // Its header carries the key that we trust anyway; the header has no part in that.
    'arc.testJWT_JWK': { typ: 'JWT', verdict: GOOD },
    // A good signature by a key that only its own header knows.
    'arc.testRealmJWT': { typ: 'JWT', verdict: /signature verification failed/ },
    'go.TestVerify_pass[0]': { typ: 'JWT', verdict: GOOD },
    // A good signature over the profile "test", which is nobody's.
    'rust.readme': { typ: 'JWT', verdict: /eat_profile/ },
    // Its time is written 1.666529184e+09.
    'draft.appendix': { typ: 'JWT', verdict: GOOD },
    'non-matching alg (HS256)': { typ: 'JWT', verdict: /"alg"/ },
    'alg "none"': { typ: 'JWT', verdict: /"alg"/ },
    'bad JWT formatting': { typ: 'JWT', verdict: /Invalid|JWS/ },
    'empty attestation results': { typ: 'JWT', verdict: /eat_profile/ },
    'JWT with trailing rubbish': { typ: 'JWT', verdict: /Invalid Compact JWS/ },
    'draft03-ear-json-1': { typ: 'eat+jwt', verdict: GOOD },
    'draft03-ear-json-2': { typ: 'eat+jwt', verdict: GOOD },
    'draft04-fig3-contraindicated': { typ: 'eat+jwt', verdict: GOOD },
    'draft04-fig4-composite-affirming': { typ: 'eat+jwt', verdict: GOOD },
    'draft04-go-extensions': { typ: 'eat+jwt', verdict: GOOD },
    'draft04-nested-submods-example3': { typ: 'eat+jwt', verdict: GOOD },
    'draft04-rust-claims-tv': { typ: 'eat+jwt', verdict: GOOD },
    'draft04-status-and-topology': { typ: 'eat+jwt', verdict: GOOD },
    'tampered-signature': { typ: 'eat+jwt', verdict: /signature verification failed/ },
    'tampered-payload': { typ: 'eat+jwt', verdict: /signature verification failed/ },
    'alg-none': { typ: 'eat+jwt', verdict: /"alg"|Invalid Compact JWS/ },
    'wrong-typ-at+jwt': { typ: 'eat+jwt', verdict: /"typ"/ },
    expired: { typ: 'eat+jwt', verdict: /"exp"/ },
    'attacker-header-jwk': { typ: 'eat+jwt', verdict: /signature verification failed/ },
  }

  test('are all in the table', () => {
    expect(tokens.map(({ name }) => name).toSorted()).toEqual(Object.keys(TOKENS).toSorted())
  })

  test.each(tokens)('$name', async ({ name, token }) => {
    const expected = TOKENS[name]
    const found = await verdict(token, expected?.typ ?? '')
    expect(found).toMatch(expected?.verdict ?? 'not in the table')
  })

  const named = (name: string) => tokens.find((it) => it.name === name)?.token ?? ''

  test('of a verifier with a profile of its own are read where that is named', async () => {
    expect(await verdict(named('rust.readme'), 'JWT', { test: 'dotted' })).toBe('good')
    // And a key in a header, once somebody trusts it for a reason of their own.
    const realm = named('arc.testRealmJWT')
    const { jwk } = decodeProtectedHeader(realm)
    const currentDate = new Date(1_752_059_140_000)
    await jwtVerify(realm, createLocalJWKSet({ keys: [jwk!] as JSONWebKeySet['keys'] }), { currentDate })
    const payload = Buffer.from(realm.split('.')[1] ?? '', 'base64url').toString()
    const profiles = { 'tag:github.com,2024:confidential-containers/Trustee': 'dotted' } as const
    expect(readEar(payload).ok).toBe(false)
    expect(readEar(payload, { profiles })).toMatchObject({
      ok: true,
      value: { submods: { cpu0: { status: 'affirming' } } },
    })
  })

  test('whose times are written with an exponent are refused where plain ones are asked for', () => {
    const payload = Buffer.from(named('draft.appendix').split('.')[1] ?? '', 'base64url').toString()
    expect(readEar(payload, { hasPlainTimes: true })).toEqual({
      ok: false,
      problem: expect.stringMatching(/^(it|iat) must.*(iat|integer|0)/),
    })
  })
})
