import { describe, expect, test } from 'vitest'
import type { Subject } from './contract.ts'
import { conclusion, device, enrolled, idOf, later, NOW, report, token, transition } from './records.ts'

export function contractOfDevices(subject: Subject): void {
  describe('enrolment', () => {
    test('spends a use of the token and adds the device with its tags and owner', async () => {
      const { store } = subject
      await store.addToken(token({ tags: ['sales'], owner: 'a@example.com' }))
      const known = device('a', { tags: ['sales'], owner: 'a@example.com' })
      expect(await store.enroll(device('a'), 'h1', NOW)).toEqual(known)
      expect(await store.enroll(device('b'), 'h1', NOW)).toBe('token-invalid')
      await subject.reopen()
      expect(await subject.store.loadDevices()).toEqual([
        { device: known, lastSequence: 0, bootIds: [], evidence: null, conclusion: null },
      ])
    })

    test('a token admits until its end, and not at its end; one that is unknown admits nobody', async () => {
      const { store } = subject
      await store.addToken(token())
      expect(await store.enroll(device('a'), 'other', NOW)).toBe('token-invalid')
      expect(await store.enroll(device('a'), 'h1', later(60))).toBe('token-invalid')
      expect(await store.enroll(device('a'), 'h1', later(59.999))).toMatchObject({ hostname: 'a' })
    })

    test('ten at once with a token for three: three get in', async () => {
      const { store } = subject
      await store.addToken(token({ uses: 3 }))
      const names = Array.from({ length: 10 }, (_, n) => `n${n}`)
      const all = await Promise.all(names.map((name) => store.enroll(device(name), 'h1', NOW)))
      expect(all.filter((it) => it === 'token-invalid')).toHaveLength(7)
      expect(await store.loadDevices()).toHaveLength(3)
    })

    test('the same key once more is the same device that counts from 1, and needs a token all the same', async () => {
      const { store } = subject
      await store.addToken(token({ uses: 2 }))
      await store.enroll(device('a'), 'h1', NOW)
      await store.setBootIds(idOf('a'), ['boot'])
      await store.saveReport(report(idOf('a'), 5))
      expect(await store.enroll(device('a', { hostname: 'renamed' }), 'h1', NOW)).toMatchObject({ hostname: 'a' })
      expect(await store.loadDevice(idOf('a'))).toMatchObject({
        lastSequence: 0,
        bootIds: [],
        conclusion: conclusion(),
      })
      expect(await store.enroll(device('a'), 'h1', NOW)).toBe('token-invalid')
    })

    test('a device that is locked out does not get in again, and spends no use', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      await store.setStatus(id, 'locked-out')
      await store.addToken(token())
      expect(await store.enroll(device('a'), 'h1', NOW)).toBe('locked-out')
      expect(await store.enroll(device('b'), 'h1', NOW)).toMatchObject({ hostname: 'b' })
    })
  })

  describe('devices', () => {
    test('come back as they were, whatever they are', async () => {
      const odd = device('odd', {
        keyProtection: 'tpm',
        attested: true,
        status: 'pending',
        identity: 'unverified',
        platform: 'windows',
        hostname: 'o\'Reilly \u0000 \u{1F4BB} "; drop table device; --',
        serial: 'S/1',
        owner: 'ö@example.com',
        tags: ['a b', '', 'ü'],
        enrolledAt: later(0.123),
      })
      const id = await enrolled(subject.store, 'odd', odd)
      await subject.reopen()
      expect((await subject.store.loadDevice(id))?.device).toEqual(odd)
    })

    test('one that is not there is null', async () => {
      expect(await subject.store.loadDevice(idOf('nobody'))).toBeNull()
      expect(await subject.store.loadDevices()).toEqual([])
    })

    test('are found by serial number, the newest first; a device without one is like no other', async () => {
      const { store } = subject
      await enrolled(store, 'a', { serial: 'S1' })
      await enrolled(store, 'b', { serial: 'S1', enrolledAt: later(5) })
      await enrolled(store, 'c')
      expect((await store.findBySerial('S1')).map(({ hostname }) => hostname)).toEqual(['b', 'a'])
      expect(await store.findBySerial('')).toEqual([])
    })

    test('what is set of one is there after a restart, and nothing of another is touched', async () => {
      const id = await enrolled(subject.store, 'a')
      const other = await enrolled(subject.store, 'b')
      const { store } = subject
      await Promise.all([
        store.setIdentity(id, 'conflict'),
        store.setStatus(id, 'locked-out'),
        store.setTags(id, ['lab', 'pilot']),
        store.setOwner(id, 'b@example.com'),
        store.setBootIds(id, ['one', 'two']),
      ])
      await subject.reopen()
      expect(await subject.store.loadDevice(id)).toMatchObject({
        device: { identity: 'conflict', status: 'locked-out', tags: ['lab', 'pilot'], owner: 'b@example.com' },
        bootIds: ['one', 'two'],
      })
      expect((await subject.store.loadDevice(other))?.device).toEqual(device('b'))
      await subject.store.setOwner(id, null)
      expect((await subject.store.loadDevice(id))?.device.owner).toBeNull()
    })

    test('one that is removed is gone with its evidence and its conclusion, and its history stays', async () => {
      const { store } = subject
      const id = await enrolled(store, 'a')
      const change = transition(id, NOW)
      await store.saveReport(report(id, 1, { transitions: [change] }))
      await store.removeDevice(id)
      await store.removeDevice(id)
      expect(await store.loadDevice(id)).toBeNull()
      expect(await store.transitions({ deviceId: id })).toEqual([change])
      await store.addToken(token())
      await store.enroll(device('a'), 'h1', NOW)
      expect(await store.loadDevice(id)).toMatchObject({ evidence: null, conclusion: null, lastSequence: 0 })
    })
  })
}
