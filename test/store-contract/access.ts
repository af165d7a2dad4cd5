import { describe, expect, test } from 'vitest'
import type { GatewayRecord } from '../../collector/store/store.ts'
import type { Subject } from './contract.ts'
import { enrolled, later, NOW, report, token } from './records.ts'

const gateway = (id: string, more: Partial<GatewayRecord> = {}): GatewayRecord => ({
  id,
  name: 'nginx',
  keyHash: `key of ${id}`,
  scopes: ['decide'],
  hosts: [],
  certificate: null,
  createdAt: NOW,
  ...more,
})

export function contractOfAccess(subject: Subject): void {
  describe('gateways', () => {
    test('come back as they were, the oldest first', async () => {
      const all = [gateway('b', { scopes: ['decide', 'vouch', 'admin'] }), gateway('a', { createdAt: later(1) })]
      for (const it of all.toReversed()) await subject.store.addGateway(it)
      await subject.reopen()
      expect(await subject.store.loadGateways()).toEqual(all)
    })

    test('two never share a key', async () => {
      await subject.store.addGateway(gateway('a'))
      await expect(subject.store.addGateway(gateway('b', { keyHash: 'key of a' }))).rejects.toMatchObject({
        code: 'store-unavailable',
      })
      expect(await subject.store.loadGateways()).toHaveLength(1)
    })

    test('one is removed once, and no other with it', async () => {
      const { store } = subject
      await store.addGateway(gateway('a'))
      await store.addGateway(gateway('b'))
      expect(await Promise.all([store.removeGateway('a'), store.removeGateway('a')])).toEqual([true, false])
      expect(await store.removeGateway('nobody')).toBe(false)
      expect(await store.loadGateways()).toEqual([gateway('b')])
    })
  })

  describe('the store itself', () => {
    test('proves that it can be written to, and keeps itself in order', async () => {
      await subject.store.probe()
      const id = await enrolled(subject.store, 'a')
      await subject.store.saveReport(report(id, 1))
      await subject.store.optimize()
      expect((await subject.store.loadDevice(id))?.lastSequence).toBe(1)
    })

    test('close writes what is waiting; after it nothing is taken', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      const saved = store.saveReport(report(id, 1))
      await store.close()
      expect(await saved).toBe('saved')
      await expect(store.addToken(token())).rejects.toMatchObject({ code: 'store-unavailable' })
      await expect(store.probe()).rejects.toMatchObject({ code: 'store-unavailable' })
    })
  })
}
