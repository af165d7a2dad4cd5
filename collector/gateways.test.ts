import { afterEach, beforeEach, expect, test } from 'vitest'
import { ISSUER, heldClock, type HeldClock } from '../test/fakes/fleet.ts'
import { openAccessTokens } from './access-tokens.ts'
import { openGateways } from './gateways.ts'
import { openSqlite } from './store/sqlite.ts'
import type { Store } from './store/store.ts'

let store: Store
let clock: HeldClock
beforeEach(() => {
  store = openSqlite(':memory:')
  clock = heldClock()
})
afterEach(() => store.close())

const tokens = () => openAccessTokens({ issuerUrl: ISSUER, secret: Buffer.alloc(32, 7), clock: clock.now })

test('a key is known until it is revoked, also after a restart, and is stored nowhere', async () => {
  const gateways = await openGateways(store, tokens(), clock.now)
  const { gateway, key } = await gateways.create({ name: 'wiki', scopes: ['decide'] })
  clock.pass(1000)
  const other = await gateways.create({ name: 'script', scopes: ['admin'] })
  expect(gateways.find(key)).toEqual(gateway)
  expect(gateways.list().map(({ name }) => name)).toEqual(['wiki', 'script'])
  expect(JSON.stringify(await store.loadGateways())).not.toContain(key)

  expect(await gateways.revoke(gateway.id)).toEqual(gateway)
  expect(gateways.find(key)).toBeNull()
  expect(await gateways.revoke(gateway.id)).toBeNull()
  const again = await openGateways(store, tokens(), clock.now)
  expect([again.find(key), again.find(other.key)?.name]).toEqual([null, 'script'])
})

const refuse = () => Promise.reject(new Error('the disk is full'))

test('whoever revokes a key is told where that did not last', async () => {
  const gateways = await openGateways({ ...store, removeGateway: refuse }, tokens(), clock.now)
  const { gateway, key } = await gateways.create({ name: 'wiki', scopes: ['decide'] })
  await expect(gateways.revoke(gateway.id)).rejects.toThrow('disk is full')
  expect(gateways.find(key)).toEqual(gateway)
})
