import { randomBytes } from 'node:crypto'
import { digest } from '../shared/jws.ts'
import type { GatewayRecord, Scope, Store } from './store/store.ts'

/** The gateways that may ask, by the digest of their key: looked up from memory, since each request asks. */
export type Gateways = {
  find(key: string): GatewayRecord | null
  /** In the order in which they were made. */
  list(): GatewayRecord[]
  /** Makes a gateway; its key is told this once and never again. */
  create(of: NewGateway): Promise<{ gateway: GatewayRecord; key: string }>
  /** Its key is worth nothing from this call on; null where there is no such gateway. */
  revoke(id: string): Promise<GatewayRecord | null>
}

export type NewGateway = { name: string; scopes: Scope[]; hosts?: string[]; certificate?: string | null }

type GatewayStore = Pick<Store, 'loadGateways' | 'addGateway' | 'removeGateway'>

export async function openGateways(store: GatewayStore, clock: () => Date): Promise<Gateways> {
  const byHash = new Map((await store.loadGateways()).map((gateway) => [gateway.keyHash, gateway]))
  return {
    find: (key) => byHash.get(digest(key)) ?? null,
    list: () => [...byHash.values()].toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime()),
    async create(of) {
      const { gateway, key } = newGateway(of, clock())
      await store.addGateway(gateway)
      byHash.set(gateway.keyHash, gateway)
      return { gateway, key }
    },
    async revoke(id) {
      const gateway = [...byHash.values()].find((it) => it.id === id)
      if (!gateway) return null
      byHash.delete(gateway.keyHash)
      try {
        await store.removeGateway(id)
      } catch (error) {
        // Not yet for good: whoever asked is told so, and can ask again.
        byHash.set(gateway.keyHash, gateway)
        throw error
      }
      return gateway
    },
  }
}

function newGateway(of: NewGateway, now: Date): { gateway: GatewayRecord; key: string } {
  const key = `mgw_${randomBytes(32).toString('base64url')}`
  const id = `gw_${randomBytes(9).toString('base64url')}`
  const { name, scopes, hosts = [], certificate = null } = of
  return { gateway: { id, name, keyHash: digest(key), scopes, hosts, certificate, createdAt: now }, key }
}
