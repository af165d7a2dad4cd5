import { randomBytes } from 'node:crypto'
import { digest } from '../shared/jws.ts'
import type { GatewayRecord, Scope, Store } from './store/store.ts'

/** The gateways that may ask, by the digest of their key: looked up from memory, since each request asks. */
export type Gateways = {
  find(key: string): GatewayRecord | null
  /** Makes a gateway; its key is told this once and never again. */
  create(name: string, scopes: Scope[]): Promise<{ gateway: GatewayRecord; key: string }>
}

export async function openGateways(store: Store, clock: () => Date): Promise<Gateways> {
  const byHash = new Map((await store.loadGateways()).map((gateway) => [gateway.keyHash, gateway]))
  return {
    find: (key) => byHash.get(digest(key)) ?? null,
    async create(name, scopes) {
      const { gateway, key } = newGateway(name, scopes, clock())
      await store.addGateway(gateway)
      byHash.set(gateway.keyHash, gateway)
      return { gateway, key }
    },
  }
}

function newGateway(name: string, scopes: Scope[], now: Date): { gateway: GatewayRecord; key: string } {
  const key = `mgw_${randomBytes(32).toString('base64url')}`
  const id = `gw_${randomBytes(9).toString('base64url')}`
  return { gateway: { id, name, keyHash: digest(key), scopes, createdAt: now }, key }
}
