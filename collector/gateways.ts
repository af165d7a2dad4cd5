import { randomBytes } from 'node:crypto'
import { MusterError } from '../shared/errors.ts'
import { digest } from '../shared/jws.ts'
import { permittedScopes, type AccessScope, type AccessToken, type AccessTokens } from './access-tokens.ts'
import type { GatewayRecord, Scope, Store } from './store/store.ts'

/** The gateways that may ask, by the digest of their key: looked up from memory, since each request asks. */
export type Gateways = {
  find(key: string): GatewayRecord | null
  /** The gateway of an access token, with what the token lets it do; null where the token, or the gateway, is no longer good. */
  ofToken(token: string): TokenUse | null
  /** The gateway that was made with a client certificate; null where there is none, or where the certificate is not valid now. */
  ofCertificate(presented: PresentedCertificate): GatewayRecord | null
  /** An access token for a gateway: for these scopes, and with this certificate alone where there is one. */
  issueToken(of: Omit<AccessToken, 'expiresAt'>): string
  /** In the order in which they were made. */
  list(): GatewayRecord[]
  /** Makes a gateway; its key is told this once and never again. */
  create(of: NewGateway): Promise<{ gateway: GatewayRecord; key: string }>
  /** Its key is worth nothing from this call on; null where there is no such gateway. */
  revoke(id: string): Promise<GatewayRecord | null>
  /** Told of each gateway at the moment at which it is worth nothing any more. */
  onRevoked(listener: (gateway: GatewayRecord) => void): void
}

/** A client certificate by its SHA-256 (base64url), and between when it is valid. */
export type PresentedCertificate = { digest: string; validFrom: Date; validTo: Date }

type TokenUse = { gateway: GatewayRecord; token: AccessToken; scopes: readonly AccessScope[] }

type NewGateway = { name: string; scopes: Scope[]; hosts?: string[]; certificate?: string | null }

type GatewayStore = Pick<Store, 'loadGateways' | 'addGateway' | 'removeGateway'>

export async function openGateways(store: GatewayStore, tokens: AccessTokens, clock: () => Date): Promise<Gateways> {
  const byHash = new Map<string, GatewayRecord>()
  const byId = new Map<string, GatewayRecord>()
  const byCertificate = new Map<string, GatewayRecord>()
  const listeners: ((gateway: GatewayRecord) => void)[] = []
  /** Certificates of gateways that are being made. */
  const promised = new Set<string>()
  for (const gateway of await store.loadGateways()) know(gateway)

  function know(gateway: GatewayRecord): void {
    byHash.set(gateway.keyHash, gateway)
    byId.set(gateway.id, gateway)
    if (gateway.certificate !== null) byCertificate.set(gateway.certificate, gateway)
  }

  function forget(gateway: GatewayRecord): void {
    byHash.delete(gateway.keyHash)
    byId.delete(gateway.id)
    if (gateway.certificate !== null) byCertificate.delete(gateway.certificate)
  }

  /** One certificate is one gateway: of two, nobody could say which it is. */
  async function withCertificate<T>(certificate: string | null | undefined, make: () => Promise<T>): Promise<T> {
    if (certificate === null || certificate === undefined) return make()
    const other = byCertificate.get(certificate)
    if (other) throw new MusterError('certificate-invalid', `it is that of the gateway ${other.id} (${other.name})`)
    if (promised.has(certificate)) throw new MusterError('certificate-invalid', 'it is that of another gateway')
    promised.add(certificate)
    try {
      return await make()
    } finally {
      promised.delete(certificate)
    }
  }

  return {
    find: (key) => byHash.get(digest(key)) ?? null,
    ofToken(text) {
      const token = tokens.read(text)
      const gateway = token && byId.get(token.gatewayId)
      if (!token || !gateway) return null
      const permitted = permittedScopes(gateway)
      return { gateway, token, scopes: token.scopes.filter((scope) => permitted.includes(scope)) }
    },
    ofCertificate({ digest: presented, validFrom, validTo }) {
      const now = clock()
      return validFrom <= now && now < validTo ? (byCertificate.get(presented) ?? null) : null
    },
    issueToken: tokens.issue,
    list: () => [...byId.values()].toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime()),
    create: (of) =>
      withCertificate(of.certificate, async () => {
        const { gateway, key } = newGateway(of, clock())
        await store.addGateway(gateway)
        know(gateway)
        return { gateway, key }
      }),
    async revoke(id) {
      const gateway = byId.get(id)
      if (!gateway) return null
      forget(gateway)
      for (const listener of listeners) listener(gateway)
      try {
        await store.removeGateway(id)
      } catch (error) {
        // Not yet for good: whoever asked is told so, and can ask again.
        know(gateway)
        throw error
      }
      return gateway
    },
    onRevoked: (listener) => void listeners.push(listener),
  }
}

function newGateway(of: NewGateway, now: Date): { gateway: GatewayRecord; key: string } {
  const key = `mgw_${randomBytes(32).toString('base64url')}`
  const id = `gw_${randomBytes(9).toString('base64url')}`
  const { name, scopes, hosts = [], certificate = null } = of
  return { gateway: { id, name, keyHash: digest(key), scopes, hosts, certificate, createdAt: now }, key }
}

/** Whom an attestation may be for, for this gateway to accept it, besides the collector itself. */
export function audiencesOf({ id, name, hosts }: GatewayRecord): string[] {
  return [id, name, ...hosts, ...hosts.map((host) => `https://${host}`)]
}
