import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MusterError } from '../../shared/errors.ts'
import { GATEWAY, policyText, streamWorld, type StreamWorld } from '../../test/fakes/streams.ts'
import type { Receiver } from '../../test/fakes/receiver.ts'
import { ISSUER } from '../../test/fakes/fleet.ts'
import { EVENT, POLL } from './stream.ts'

let world: StreamWorld
beforeEach(async () => {
  world = await streamWorld()
})
afterEach(async () => {
  await world.close()
})

const names = (receiver: Pick<Receiver, 'sets'>) => receiver.sets.map(({ event }) => event)
const C = 'device-compliance-change'
const R = 'session-revoked'
const T = 'token-claims-change'

async function connected(more = {}) {
  const receiver = await world.receiver()
  const stream = await world.stream(receiver, more)
  return { receiver, stream, id: stream.stream_id }
}
const count = (receiver: Receiver, n: number) => receiver.until(() => receiver.sets.length >= n)

const email = (n: number) => ({ format: 'email' as const, email: `u${n}@example.com` })

test('a stream has a thousand names of subjects at most, however they are put together', async () => {
  const { stream_id: id } = await world.stream(null)
  const aliases = (from: number) => {
    return { format: 'aliases' as const, identifiers: Array.from({ length: 32 }, (_, n) => email(from + n)) }
  }
  for (let n = 0; n < 31; n += 1) await world.streams.removeSubject(GATEWAY, id, aliases(n * 32))
  const both = { format: 'complex' as const, user: aliases(2000), device: { format: 'opaque' as const, id: 'dev_x' } }
  const refused = { code: 'stream-invalid' }
  await expect(world.streams.removeSubject(GATEWAY, id, both)).rejects.toMatchObject(refused)
  for (let n = 0; n < 8; n += 1) await world.streams.removeSubject(GATEWAY, id, email(3000 + n))
  await expect(world.streams.removeSubject(GATEWAY, id, email(4000))).rejects.toMatchObject(refused)
  await world.streams.addSubject(GATEWAY, id, aliases(0))
})

const away = () => Promise.reject(new MusterError('store-unavailable'))

describe('what happens to a device is told', () => {
  test('as it gains and loses tiers, in order, with what the checks said', async () => {
    const laptop = await world.laptop({ owner: 'alice@example.com' })
    const { receiver } = await connected()
    await world.report(laptop, true)
    await count(receiver, 1)
    expect(world.fleet.standing(laptop.id)?.tiers).toEqual(['public', 'confidential', 'restricted'])
    await world.report(laptop, true, false)
    await world.report(laptop, false)
    await count(receiver, 5)
    expect(names(receiver)).toEqual([C, T, R, C, R])
    const last = receiver.sets.at(-1)!
    expect(last.payload).toMatchObject({
      initiating_entity: 'policy',
      reason_admin: { en: expect.stringContaining('firewall fail:') },
      reason_user: { en: expect.stringContaining('Firewall: ') },
    })
    expect(last.subject).toEqual({
      format: 'complex',
      device: { format: 'iss_sub', iss: ISSUER, sub: laptop.id },
      user: { format: 'email', email: 'alice@example.com' },
    })
    expect(new Set(receiver.sets.map(({ txn }) => txn)).size).toBe(3)
    expect(receiver.problems).toEqual([])
    expect(receiver.believes(laptop.id)).toEqual({ compliant: false, revoked: 2 })
  })

  test('only what is on disk, however often all is compared while the store is away; and then each loss once', async () => {
    const laptop = await world.laptop()
    await world.report(laptop, true)
    await world.derived()
    const { receiver, id } = await connected()
    const { saveOutcome, saveReport } = world.store
    Object.assign(world.store, { saveOutcome: away, saveReport: away })
    await expect(world.report(laptop, false)).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(world.fleet.standing(laptop.id)?.tiers).toEqual(['public'])
    await world.apply(policyText('confidential', '# the first\n'))
    await world.derived()
    expect([receiver.sets.length, await world.store.countOutgoing(id)]).toEqual([0, 0])
    Object.assign(world.store, { saveOutcome, saveReport })
    world.fleet.wake()
    await world.derived()
    await count(receiver, 2)
    expect(names(receiver)).toEqual([C, R])
    await world.apply(policyText('confidential', '# the second\n'))
    await world.derived()
    expect([receiver.sets.length, await world.store.countOutgoing(id), receiver.problems]).toEqual([2, 0, []])
  })

  test('another default tier, once what was concluded is on disk, also where that changes no tier', async () => {
    const laptop = await world.laptop()
    await world.report(laptop, true, false)
    await world.derived()
    const { receiver } = await connected()
    const { saveOutcome } = world.store
    world.store.saveOutcome = away
    await world.apply(
      policyText('restricted', '# asks more\n').replace('[screen-lock]', '[screen-lock, disk-encryption]'),
    )
    await world.fleet.settled()
    world.store.saveOutcome = saveOutcome
    world.fleet.wake()
    await count(receiver, 1)
    expect(receiver.sets[0]).toMatchObject({ event: C, payload: { initiating_entity: 'policy' } })
    expect([names(receiver), receiver.problems]).toEqual([[C], []])
  })

  test('by time alone, when nothing is heard of it', async () => {
    const laptop = await world.laptop()
    await world.report(laptop, true)
    await world.derived()
    const { receiver } = await connected()
    world.clock.pass(15 * 60_000)
    world.fleet.wake()
    await count(receiver, 2)
    expect(names(receiver)).toEqual([C, R])
    expect(receiver.sets[0]!.payload).toMatchObject({ initiating_entity: 'system', current_status: 'not-compliant' })
  })

  test.each([
    ['locked out', 'admin', (id: string) => world.fleet.setStatus(id, 'locked-out')],
    ['removed', 'admin', (id: string) => world.fleet.remove(id)],
    ['taken away by its user', 'user', (id: string) => world.fleet.remove(id, 'user')],
    ['found to be two', 'system', (id: string) => world.fleet.distrust(id, 'conflict')],
  ])('when it is %s, as an act of the %s', async (_what, who, act) => {
    const laptop = await world.laptop({ owner: 'alice@example.com' })
    await world.report(laptop, true)
    const { receiver } = await connected()
    await act(laptop.id)
    await count(receiver, 2)
    expect(names(receiver)).toEqual([C, R])
    for (const { payload, subject } of receiver.sets) {
      expect(payload).toMatchObject({ initiating_entity: who })
      expect(subject).toMatchObject({ user: { email: 'alice@example.com' } })
    }
    expect(receiver.problems).toEqual([])
  })

  test('when another tier becomes the default, without any change of tiers', async () => {
    const [good, better] = [await world.laptop(), await world.laptop()]
    await world.report(good, true, false)
    await world.report(better, true)
    await world.derived()
    const { receiver } = await connected()
    await world.apply(policyText('restricted'))
    await count(receiver, 1)
    await world.derived()
    expect(names(receiver)).toEqual([C])
    expect(receiver.believes(good.id).compliant).toBe(false)
    expect(receiver.sets[0]!.payload).toMatchObject({ initiating_entity: 'policy', previous_status: 'compliant' })
    await world.apply(policyText('public'))
    await world.derived()
    await count(receiver, 2)
    expect([receiver.sets[1]!.deviceId, receiver.sets[1]!.payload['current_status']]).toEqual([good.id, 'compliant'])
    expect(receiver.problems).toEqual([])
  })

  test('a policy that takes tiers and gives another default makes nobody compliant who never was', async () => {
    const laptop = await world.laptop()
    await world.report(laptop, false)
    await world.derived()
    const { receiver } = await connected()
    // Now `confidential` asks for nothing, and what counts is `restricted`.
    await world.apply(policyText('restricted').replace('confidential: [firewall]', 'confidential: []'))
    await count(receiver, 1)
    await world.derived()
    expect(names(receiver)).toEqual([T])
    expect(receiver.sets[0]!.payload['claims']).toEqual({ tiers: ['public', 'confidential'] })
  })

  test('not what was before the stream, and not what changes nothing', async () => {
    const laptop = await world.laptop()
    await world.report(laptop, true)
    const { receiver } = await connected()
    await world.report(laptop, true)
    await world.fleet.setTags(laptop.id, ['x'])
    await world.apply(policyText('confidential', '# another text\n'))
    await world.derived()
    await world.report(laptop, false)
    await count(receiver, 2)
    expect(names(receiver)).toEqual([C, R])
  })

  test('that its record cannot be read any more, and that it can again', async () => {
    const laptop = await world.laptop()
    await world.report(laptop, true)
    await world.derived()
    const { receiver } = await connected()
    await world.restart({}, (file) => {
      const db = new Sqlite(file)
      db.exec("update device set memory = '[' || memory")
      db.close()
    })
    expect(world.fleet.standing(laptop.id)).toBeNull()
    await count(receiver, 2)
    expect(names(receiver)).toEqual([C, R])
    expect(receiver.sets[0]!.payload).toMatchObject({ initiating_entity: 'system' })
    await world.restart({}, (file) => {
      const db = new Sqlite(file)
      db.exec('update device set memory = substr(memory, 2)')
      db.close()
    })
    await count(receiver, 3)
    expect(receiver.believes(laptop.id).compliant).toBe(true)
    expect(receiver.problems).toEqual([])
  })
})

describe('a stream', () => {
  test('is as it was asked for, and is told without its secret', async () => {
    const delivery = {
      method: 'urn:ietf:rfc:8935' as const,
      endpoint_url: 'https://127.0.0.1:9/e',
      authorization_header: 'Bearer x',
    }
    const asked = { delivery, events_requested: [EVENT.revoked, 'urn:other'], description: 'd' }
    const stream = await world.streams.create(GATEWAY, asked)
    expect(stream).toEqual({
      stream_id: expect.stringMatching(/^str_/),
      iss: ISSUER,
      aud: GATEWAY,
      delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: 'https://127.0.0.1:9/e' },
      events_supported: Object.values(EVENT),
      events_requested: [EVENT.revoked, 'urn:other'],
      events_delivered: [EVENT.revoked],
      description: 'd',
      subject_form: 'complex',
      min_verification_interval: 30,
    })
    expect(world.streams.find(GATEWAY, stream.stream_id)).toEqual(stream)
    expect(world.streams.list(GATEWAY)).toEqual([stream])
  })

  test('without an address is polled', async () => {
    const { delivery, stream_id: id } = await world.stream(null)
    expect(delivery).toEqual({ method: POLL, endpoint_url: `${ISSUER}/ssf/poll/${id}` })
  })

  test('is changed in part, or as a whole', async () => {
    const { id } = await connected({ description: 'd', events_requested: [EVENT.revoked] })
    const patched = await world.streams.update(GATEWAY, id, { stream_id: id, events_requested: [EVENT.claims] })
    expect(patched).toMatchObject({ events_delivered: [EVENT.claims], description: 'd' })
    const replaced = await world.streams.replace(GATEWAY, id, { stream_id: id, description: 'e' })
    expect(replaced).toMatchObject({
      events_delivered: Object.values(EVENT),
      description: 'e',
      delivery: { method: POLL },
    })
    expect(replaced).not.toHaveProperty('events_requested')
    await world.restart()
    expect(world.streams.find(GATEWAY, id)).toEqual(replaced)
  })

  test.each([
    ['iss', { iss: 'https://other.example' }],
    ['aud', { aud: 'gw_two' }],
    ['events_supported', { events_supported: [] }],
    ['events_delivered', { events_delivered: ['urn:x'] }],
  ])('keeps its %s', async (_what, wrong) => {
    const { id } = await connected()
    await expect(world.streams.update(GATEWAY, id, { stream_id: id, ...wrong })).rejects.toMatchObject({
      code: 'stream-invalid',
    })
    const { delivery: _, ...told } = world.streams.find(GATEWAY, id)
    const right = { ...told, events_supported: [...told.events_supported] }
    expect(await world.streams.update(GATEWAY, id, right)).toMatchObject(told)
  })

  test.each([
    ['http://receiver.example.com/'],
    ['https://10.0.0.1/'],
    ['https://[::1]/'],
    ['https://metadata.intern/'],
    ['https://mixed.example/'],
  ])('is not pushed to %s', async (endpoint) => {
    const found = new Map([
      ['metadata.intern', ['169.254.169.254']],
      ['mixed.example', ['1.1.1.1', '10.0.0.1']],
    ])
    await world.restart({ resolve: async (host) => found.get(host) ?? [] })
    const delivery = { method: 'urn:ietf:rfc:8935' as const, endpoint_url: endpoint }
    await expect(world.streams.create(GATEWAY, { delivery })).rejects.toMatchObject({ code: 'stream-invalid' })
    const { stream_id: id } = await world.stream(null)
    const change = { stream_id: id, delivery }
    await expect(world.streams.update(GATEWAY, id, change)).rejects.toMatchObject({ code: 'stream-invalid' })
    await expect(world.streams.replace(GATEWAY, id, change)).rejects.toMatchObject({ code: 'stream-invalid' })
  })

  test('belongs to its gateway alone', async () => {
    const { id } = await connected()
    const { streams } = world
    const subject = { format: 'email' as const, email: 'a@example.com' }
    const acts: (() => unknown)[] = [
      () => streams.find('gw_two', id),
      () => streams.status('gw_two', id),
      () => streams.update('gw_two', id, { stream_id: id }),
      () => streams.replace('gw_two', id, { stream_id: id }),
      () => streams.remove('gw_two', id),
      () => streams.setStatus('gw_two', id, 'paused'),
      () => streams.addSubject('gw_two', id, subject),
      () => streams.removeSubject('gw_two', id, subject),
      () => streams.verify('gw_two', id),
      () => streams.poll('gw_two', id, {}),
    ]
    for (const act of acts) await expect((async () => act())()).rejects.toMatchObject({ code: 'stream-unknown' })
    expect([streams.list('gw_two'), streams.list(GATEWAY).length]).toEqual([[], 1])
  })

  test('is one of ten at most', async () => {
    for (let n = 0; n < 10; n += 1) await world.stream(null)
    await expect(world.stream(null)).rejects.toMatchObject({ code: 'stream-limit' })
    expect(await world.stream(null, {}, 'gw_two')).toMatchObject({ aud: 'gw_two' })
  })

  test('is gone when it is removed, with what it had to deliver', async () => {
    const { id } = await connected()
    await world.streams.remove(GATEWAY, id)
    expect(() => world.streams.find(GATEWAY, id)).toThrow(expect.objectContaining({ code: 'stream-unknown' }))
    await world.restart()
    expect(world.streams.list(GATEWAY)).toEqual([])
  })

  test('ends at once when its gateway is revoked', async () => {
    const laptop = await world.laptop()
    const { receiver, id } = await connected()
    await world.report(laptop, true)
    await count(receiver, 1)
    const other = await world.stream(null, {}, 'gw_two')
    const revoked = world.revoke(GATEWAY)
    expect(() => world.streams.find(GATEWAY, id)).toThrow(expect.objectContaining({ code: 'stream-unknown' }))
    await revoked
    await world.report(laptop, false)
    await world.derived()
    expect(Object.keys((await world.streams.poll('gw_two', other.stream_id, {})).sets)).toHaveLength(2)
    expect(receiver.sets).toHaveLength(1)
    expect((await world.store.loadStreams()).map((it) => it.owner)).toEqual(['gw_two'])
  })
})

describe('the subjects of a stream', () => {
  test('are all, but for those that were left out', async () => {
    const [hers, his] = [await world.laptop({ owner: 'alice@example.com' }), await world.laptop()]
    const { receiver, id } = await connected()
    await world.streams.removeSubject(GATEWAY, id, { format: 'email', email: 'alice@example.com' })
    await world.report(hers, true)
    await world.report(his, true)
    await count(receiver, 1)
    await world.streams.addSubject(GATEWAY, id, { format: 'iss_sub', iss: ISSUER, sub: hers.id })
    await world.report(hers, false)
    await count(receiver, 3)
    expect(receiver.sets.map(({ deviceId, event }) => [deviceId === hers.id, event])).toEqual([
      [false, C],
      [true, C],
      [true, R],
    ])
  })

  test('that can be none of ours are refused', async () => {
    const { id } = await connected()
    const subject = { format: 'phone_number' as const, phone_number: '+1' }
    for (const act of [world.streams.addSubject, world.streams.removeSubject]) {
      await expect(act(GATEWAY, id, subject)).rejects.toMatchObject({ code: 'subject-unknown' })
    }
  })

  test.each([
    ['device', ['iss_sub', 'iss_sub', 'iss_sub']],
    ['user', ['email']],
  ] as const)('are written in the form %s', async (form, formats) => {
    const laptop = await world.laptop({ owner: 'alice@example.com' })
    const { receiver, stream } = await connected({ subject_form: form })
    expect(stream.subject_form).toBe(form)
    await world.report(laptop, true)
    await world.report(laptop, false)
    await count(receiver, formats.length)
    await world.derived()
    expect(receiver.sets.map(({ subject }) => subject['format'])).toEqual(formats)
    expect(receiver.problems).toEqual([])
  })
})

describe('the status of a stream', () => {
  test('paused, it holds what happens; enabled again, it delivers that', async () => {
    const laptop = await world.laptop()
    const { receiver, id } = await connected()
    expect(world.streams.status(GATEWAY, id)).toEqual({ stream_id: id, status: 'enabled' })
    expect(await world.streams.setStatus(GATEWAY, id, 'paused', 'maintenance')).toEqual({
      stream_id: id,
      status: 'paused',
      reason: 'maintenance',
    })
    await count(receiver, 1)
    expect(receiver.sets[0]).toMatchObject({
      event: 'stream-updated',
      payload: { status: 'paused', reason: 'maintenance' },
    })
    await world.report(laptop, true)
    await world.report(laptop, false)
    await world.derived()
    await world.restart()
    expect(world.streams.status(GATEWAY, id)).toMatchObject({ status: 'paused', reason: 'maintenance' })
    expect(receiver.sets).toHaveLength(1)
    await world.streams.setStatus(GATEWAY, id, 'enabled')
    await count(receiver, 5)
    expect(names(receiver).slice(1)).toEqual(['stream-updated', C, C, R])
    expect(receiver.problems).toEqual([])
  })

  test('disabled, it holds nothing', async () => {
    const laptop = await world.laptop()
    const { receiver, id } = await connected()
    await world.streams.setStatus(GATEWAY, id, 'paused')
    await world.report(laptop, true)
    await world.derived()
    await world.streams.setStatus(GATEWAY, id, 'disabled')
    await world.report(laptop, false)
    await world.derived()
    await world.streams.setStatus(GATEWAY, id, 'enabled')
    await world.report(laptop, true)
    await count(receiver, 4)
    expect(receiver.sets.map(({ event, payload }) => payload['status'] ?? event)).toEqual([
      'paused',
      'disabled',
      'enabled',
      C,
    ])
  })
})

describe('verification', () => {
  test('comes back with its state, and not more often than the stream says', async () => {
    const { receiver, id } = await connected()
    await world.streams.verify(GATEWAY, id, 'c3RhdGU')
    await count(receiver, 1)
    expect(receiver.sets[0]).toMatchObject({
      event: 'verification',
      payload: { state: 'c3RhdGU' },
      subject: { format: 'opaque', id },
    })
    world.clock.pass(29_999)
    await expect(world.streams.verify(GATEWAY, id)).rejects.toMatchObject({ code: 'verification-too-soon' })
    world.clock.pass(1)
    await world.streams.verify(GATEWAY, id)
    await count(receiver, 2)
    expect(receiver.sets[1]!.payload).toEqual({})
    expect(receiver.problems).toEqual([])
  })

  test('of a stream that is paused is refused', async () => {
    const { id } = await connected()
    await world.streams.setStatus(GATEWAY, id, 'paused')
    await expect(world.streams.verify(GATEWAY, id)).rejects.toMatchObject({ code: 'stream-not-enabled' })
  })
})
