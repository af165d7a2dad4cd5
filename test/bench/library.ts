import { verify as verifyBytes } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { CHECK_IDS } from '../../shared/standing.ts'
import { createVerifier } from '../../shared/gateway.ts'
import { TYP, parseJws, type Jws } from '../../shared/jws.ts'
import { fakeIssuer } from '../fakes/issuer.ts'
import { cpuEach, line, micros, ratio } from './measure.ts'

const URL = 'https://collector.example'
const TOKENS = 2000
const ROUNDS = 8
const CACHED = 2_000_000

const clock = () => new Date()

/**
 * The library for gateways beside bare verification of the same signatures. The work of a round is done in turns, and the best of the rounds
 * counts: what else the machine does only ever adds to one.
 */
export async function benchLibrary(): Promise<void> {
  const issuer = fakeIssuer(URL, clock)
  const tokens = await Promise.all(Array.from({ length: TOKENS }, (_, index) => issuer.attest(likeOurs(issuer, index))))
  const signed = tokens.map(signedOf)
  const keys = createLocalJWKSet({ keys: issuer.keys })
  const rules = { issuer: URL, audience: URL, typ: TYP.attestation, algorithms: ['ES256'] }
  const key = { key: issuer.key.key, dsaEncoding: 'ieee-p1363' } as const
  const open = () => createVerifier({ issuer: URL, fetch: issuer.fetch, clock })

  const best = { bare: Infinity, cold: Infinity, jose: Infinity }
  for (let round = 0; round < ROUNDS; round++) {
    const verifier = open()
    const work: Record<keyof typeof best, (index: number) => unknown> = {
      bare: (index) => verifyBytes('sha256', signed[index]!.signed, key, signed[index]!.signature),
      cold: async (index) => (await verifier.verify(tokens[index]!)).ok,
      jose: async (index) => (await jwtVerify(tokens[index]!, keys, rules)).payload !== undefined,
    }
    for (let from = 0; from < TOKENS; from += 200) {
      for (const name of ['bare', 'cold', 'jose'] as const) {
        const some = async () => {
          for (let index = from; index < from + 200; index++) {
            if (!(await work[name](index))) throw new Error(`${name} refused what is good`)
          }
        }
        best[name] = Math.min(best[name], await cpuEach(200, some))
      }
    }
  }

  const verifier = open()
  for (const token of tokens) await verifier.verify(token)
  const cached = await cpuEach(CACHED, async () => {
    for (let index = 0; index < CACHED; index++) {
      if (!(await verifier.verify(tokens[index % TOKENS]!)).ok) throw new Error('it was forgotten')
    }
  })
  // A server makes a text of its own of each header: nothing is known of it but its letters.
  const bytes = tokens.map((token) => Buffer.from(token))
  const text = (index: number) => bytes[index % TOKENS]!.toString('latin1')
  let length = 0
  const made = await cpuEach(CACHED, () => {
    for (let index = 0; index < CACHED; index++) length += text(index).length
  })
  const fromText = await cpuEach(CACHED, async () => {
    for (let index = 0; index < CACHED; index++) if (!(await verifier.verify(text(index))).ok) length = 0
  })
  if (length === 0) throw new Error('it was forgotten')

  line('bare verification of a signature', micros(best.bare))
  line('an attestation that is new', micros(best.cold))
  line('ratio', ratio(best.bare / best.cold), 'budget: at least 0.7')
  line('the signature and the times alone, with jose', micros(best.jose), ratio(best.bare / best.jose))
  line('an attestation that is known, a second', perSecond(cached), 'budget: at least 1,000,000')
  line('the same, from a text that is new', perSecond(fromText - made))
}

const perSecond = (microseconds: number) => Math.round(1e6 / microseconds).toLocaleString('en-GB')

/** Claims as large as our collector's: with every check. */
function likeOurs(issuer: ReturnType<typeof fakeIssuer>, index: number): object {
  const { device } = issuer.claims()['submods'] as { device: { ear_verifier_claims: object } }
  const checks = CHECK_IDS.map((id) => ({ id, verdict: 'pass', since: new Date().toISOString() }))
  const said = { ...device.ear_verifier_claims, checks }
  return { jti: `jti-${index}`, submods: { device: { ...device, ear_verifier_claims: said } } }
}

function signedOf(token: string): Jws {
  const jws = parseJws(token, TYP.attestation)
  if (!jws.ok) throw new Error(jws.problem)
  return jws.value
}
