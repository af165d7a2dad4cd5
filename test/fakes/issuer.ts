import { TYP, deviceIdOf, signJws, thumbprint, type JwsHeader } from '../../shared/jws.ts'
import type { Fetch } from '../../shared/fetch-text.ts'
import { emptyStatusList, packStatusList, type StatusList } from '../../shared/status-list.ts'
import { fakeDevice, type FakeDevice } from './device.ts'

/** A collector as a gateway sees it: signed attestations, keys, status lists, and a network that a test can break. */
export type FakeIssuer = {
  url: string
  key: FakeDevice
  kid: string
  device: FakeDevice
  /** The keys that it publishes. */
  keys: object[]
  list: StatusList
  /** What answers instead, by path. */
  instead: Map<string, (init: RequestInit) => Response | Promise<Response>>
  /** Every path that was asked for. */
  asked: string[]
  fetch: Fetch
  claims(more?: object): Record<string, unknown>
  /** An attestation with claims and header members otherwise than a collector makes them. */
  attest(more?: object, header?: Partial<JwsHeader>, signer?: FakeDevice): Promise<string>
  statusList(more?: object, header?: Partial<JwsHeader>, signer?: FakeDevice): Promise<string>
}

export const LIST = '/v1/status-lists/1'
export const JWKS = '/.well-known/jwks.json'

export function fakeIssuer(url: string, clock: () => Date): FakeIssuer {
  const key = fakeDevice(url)
  const device = fakeDevice(url)
  const kid = thumbprint(key.jwk)
  const seconds = () => Math.floor(clock().getTime() / 1000)
  const deviceClaims = {
    tiers: ['public', 'internal'],
    checks: [{ id: 'firewall', verdict: 'grace', since: '2026-11-24T07:00:00Z', deadline: '2026-11-25T07:00:00Z' }],
    keyProtection: 'software',
    attested: false,
    evidenceAt: '2026-11-24T08:00:00Z',
  }
  const it: FakeIssuer = {
    url,
    key,
    kid,
    device,
    keys: [publicKey(key)],
    list: emptyStatusList(2, 4096),
    instead: new Map(),
    asked: [],
    async fetch(address, init) {
      const path = address.slice(url.length)
      it.asked.push(path)
      const instead = it.instead.get(path)
      if (instead) return instead(init)
      if (path === JWKS) return Response.json({ keys: it.keys })
      if (path === LIST) return new Response(await it.statusList())
      return new Response('nothing here', { status: 404 })
    },
    claims: (more = {}) => ({
      iss: url,
      sub: deviceIdOf(device.jwk),
      aud: [url],
      jti: 'jti-1',
      iat: seconds(),
      nbf: seconds(),
      exp: seconds() + 600,
      cnf: { jkt: thumbprint(device.jwk) },
      status: { status_list: { idx: 1993, uri: `${url}${LIST}` } },
      eat_profile: 'tag:ietf.org,2026:rats/ear#04',
      ear_verifier_id: { developer: 'https://muster.example', build: 'collector 1' },
      ear_status: 'warning',
      submods: {
        device: {
          eat_profile: 'tag:muster.example,2026:device#1',
          ear_status: 'warning',
          ear_trustworthiness_vector: { 'instance-identity': 2, configuration: 32 },
          ear_appraisal_policy_ids: [`${url}/v1/policies/1@sha256:abc`],
          ear_verifier_claims: deviceClaims,
        },
      },
      ...more,
    }),
    attest: (more = {}, header = {}, signer = key) =>
      signJws({ typ: TYP.attestation, kid, ...header }, it.claims(more), signer.sign),
    statusList(more = {}, header = {}, signer = key) {
      const times = { iat: seconds(), exp: seconds() + 600, ttl: 60 }
      const claims = { sub: `${url}${LIST}`, ...times, status_list: packStatusList(it.list), ...more }
      return signJws({ typ: TYP.statusList, kid, ...header }, claims, signer.sign)
    },
  }
  return it
}

export function publicKey({ jwk }: FakeDevice, more: object = {}): object {
  return { ...jwk, kid: thumbprint(jwk), alg: 'ES256', use: 'sig', ...more }
}

/** A token with members of its header otherwise. Its signature is that of before. */
export function withHeader(token: string, more: object): string {
  const [head = '', ...rest] = token.split('.')
  const header = { ...(JSON.parse(Buffer.from(head, 'base64url').toString()) as object), ...more }
  return [Buffer.from(JSON.stringify(header)).toString('base64url'), ...rest].join('.')
}
