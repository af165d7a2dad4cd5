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

test('a token lasts as long as its gateway, and never says more than that may do', async () => {
  const gateways = await openGateways(store, tokens(), clock.now)
  const { gateway } = await gateways.create({ name: 'wiki', scopes: ['decide', 'events'] })
  const token = gateways.issueToken({
    gatewayId: gateway.id,
    scopes: ['decide', 'ssf.read', 'admin'],
    certificate: null,
  })
  expect(gateways.ofToken(token)).toMatchObject({ gateway, scopes: ['decide', 'ssf.read'] })
  expect((await openGateways(store, tokens(), clock.now)).ofToken(token)).not.toBeNull()
  await gateways.revoke(gateway.id)
  expect(gateways.ofToken(token)).toBeNull()
  expect((await openGateways(store, tokens(), clock.now)).ofToken(token)).toBeNull()
  expect(
    gateways.ofToken(gateways.issueToken({ gatewayId: 'gw_none', scopes: ['decide'], certificate: null })),
  ).toBeNull()
})

const day = 86_400_000
const certificate = 'c'.repeat(43)
const presented = (from = -day, to = day, digest = certificate) => ({
  digest,
  validFrom: new Date(clock.now().getTime() + from),
  validTo: new Date(clock.now().getTime() + to),
})

test('a certificate is that of one gateway, while it is valid and until that is revoked', async () => {
  const gateways = await openGateways(store, tokens(), clock.now)
  const of = { name: 'wiki', scopes: ['decide' as const], certificate }
  const { gateway } = await gateways.create(of)
  const found = [
    presented(),
    presented(0),
    presented(1),
    presented(-day, 1),
    presented(-day, 0),
    presented(-day, day, 'other'),
  ]
  expect(found.map((it) => gateways.ofCertificate(it)?.id ?? null)).toEqual([
    gateway.id,
    gateway.id,
    null,
    gateway.id,
    null,
    null,
  ])
  expect((await openGateways(store, tokens(), clock.now)).ofCertificate(presented())).toEqual(gateway)
  await expect(gateways.create(of)).rejects.toMatchObject({ code: 'certificate-invalid' })
  await gateways.revoke(gateway.id)
  expect(gateways.ofCertificate(presented())).toBeNull()
  expect((await gateways.create(of)).gateway.certificate).toBe(certificate)
})

test('of two that ask for one certificate at once, one gets it', async () => {
  const gateways = await openGateways(store, tokens(), clock.now)
  const of = { name: 'wiki', scopes: ['decide' as const], certificate }
  const made = await Promise.allSettled([gateways.create(of), gateways.create(of)])
  expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(await store.loadGateways()).toHaveLength(1)
})

test('a revocation is told once, at once, whatever becomes of the disk', async () => {
  const gateways = await openGateways({ ...store, removeGateway: refuse }, tokens(), clock.now)
  const told: string[] = []
  gateways.onRevoked(({ id }) => told.push(id))
  const { gateway } = await gateways.create({ name: 'wiki', scopes: ['decide'] })
  const revoking = gateways.revoke(gateway.id)
  expect(told).toEqual([gateway.id])
  await expect(revoking).rejects.toThrow('disk is full')
  await gateways.revoke('gw_none')
  expect(told).toEqual([gateway.id])
})
