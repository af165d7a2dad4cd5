import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { statusAt, unpackStatusList } from '../shared/status-list.ts'
import { chance } from '../test/fakes/chance.ts'
import { fakeClock, type FakeClock } from '../test/fakes/clock.ts'
import { fakeDevice } from '../test/fakes/device.ts'
import { fakeLeases, type FakeLeases } from '../test/fakes/leases.ts'
import { issuerOf } from './issuer.ts'
import { openStatusLists, type StatusLists, type StatusListsOptions } from './status-lists.ts'

const ISSUER = 'https://collector.example'
const START = new Date('2026-11-24T08:00:00Z')
const PIC = ['public', 'internal', 'confidential']
const PI = ['public', 'internal']

const issuer = issuerOf(fakeDevice(ISSUER))
const keys = createLocalJWKSet(issuer.jwks())

let clock: FakeClock
let store: FakeLeases
let errors: unknown[]
let opened: StatusLists[]

beforeEach(() => {
  clock = fakeClock(START)
  store = fakeLeases()
  errors = []
  opened = []
})
afterEach(async () => {
  store.isFull = false
  for (const lists of opened) await lists.close()
})

const onError = (error: unknown) => errors.push(error)
const tiersOf = (count: number) => PIC.slice(0, count)

async function open(more: Partial<StatusListsOptions> = {}): Promise<StatusLists> {
  const lists = await openStatusLists({ store, issuer, issuerUrl: ISSUER, clock, onError, entries: 1024, ...more })
  opened.push(lists)
  return lists
}

const inSeconds = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000)
const admitted = (deviceId: string, tiers: readonly string[]) => ({ deviceId, tiers, revoked: false })

/** What a verifier reads at an address, after it has checked the token as one has to. */
async function statusOf(lists: StatusLists, { uri, idx }: { uri: string; idx: number }): Promise<number | undefined> {
  const number = Number(/\/v1\/status-lists\/(\d+)$/.exec(uri)?.[1])
  const token = (await lists.token(number)) ?? ''
  const { payload } = await jwtVerify(token, keys, {
    typ: 'statuslist+jwt',
    subject: uri,
    algorithms: ['ES256'],
    currentDate: clock.now(),
    requiredClaims: ['iat', 'exp'],
  })
  const list = unpackStatusList(payload['status_list'])
  return list.ok ? statusAt(list.value, idx) : undefined
}

describe('the entry of an attestation', () => {
  test('is the same for the same device and tiers, and costs a write once a day', async () => {
    const lists = await open()
    const first = await lists.reference('dev_1', PIC, inSeconds(600))
    expect(first).toEqual({ idx: expect.any(Number), uri: `${ISSUER}/v1/status-lists/1` })
    for (let times = 0; times < 12 * 23; times++) {
      clock.pass(300)
      expect(await lists.reference('dev_1', PIC, inSeconds(600))).toEqual(first)
    }
    expect(store.writes).toBe(1)
    clock.pass(3600)
    expect(await lists.reference('dev_1', PIC, inSeconds(600))).toEqual(first)
    expect(store.writes).toBe(2)
  })

  test('is another for other tiers and for another device', async () => {
    const lists = await open()
    const references = [
      await lists.reference('dev_1', PIC, inSeconds(600)),
      await lists.reference('dev_1', PI, inSeconds(600)),
      await lists.reference('dev_2', PIC, inSeconds(600)),
    ]
    expect(new Set(references.map(({ idx }) => idx)).size).toBe(3)
  })

  test('is durable before it is given out, and those who ask at once share a write', async () => {
    const lists = await open()
    const seen: number[] = []
    const ask = () => lists.reference('dev_1', PIC, inSeconds(600)).then(({ idx }) => seen.push(idx, store.kept.size))
    await Promise.all([ask(), ask(), ask()])
    const { index, until } = [...store.kept.values()][0]!
    expect(seen).toEqual([index, 1, index, 1, index, 1])
    expect(until).toEqual(inSeconds(86_400))
    expect(store.writes).toBe(1)
  })

  test('is refused where it cannot be written, and given as soon as it can', async () => {
    const lists = await open()
    store.isFull = true
    await expect(lists.reference('dev_1', PIC, inSeconds(600))).rejects.toThrow('disk is full')
    expect(store.kept.size).toBe(0)
    store.isFull = false
    const { idx } = await lists.reference('dev_1', PIC, inSeconds(600))
    expect([...store.kept.values()]).toMatchObject([{ index: idx, deviceId: 'dev_1', tiers: PIC, status: 0 }])
  })

  test('is in a new list once the first is half full', async () => {
    const lists = await open({ entries: 16 })
    const uris: string[] = []
    for (let device = 0; device < 20; device++) {
      uris.push((await lists.reference(`dev_${device}`, PIC, inSeconds(600))).uri)
    }
    const perList = [1, 2, 3].map((list) => uris.filter((uri) => uri === `${ISSUER}/v1/status-lists/${list}`).length)
    expect(perList).toEqual([8, 8, 4])
    expect(lists.uris()).toEqual([1, 2, 3].map((list) => `${ISSUER}/v1/status-lists/${list}`))
    const pairs = [...store.kept.keys()]
    expect(new Set(pairs).size).toBe(20)
  })
})

describe('the status', () => {
  test('is 2 once the device lost a tier that the attestation names, and 0 for those that name what it kept', async () => {
    const lists = await open()
    const more = await lists.reference('dev_1', PIC, inSeconds(600))
    const fewer = await lists.reference('dev_1', PI, inSeconds(600))
    expect(await statusOf(lists, more)).toBe(0)
    const told = lists.standingChanged(admitted('dev_1', PI))
    // Shown at once, whether it is written yet or not.
    expect(await statusOf(lists, more)).toBe(2)
    expect(await statusOf(lists, fewer)).toBe(0)
    await told
    expect(store.kept.get(`1/${more.idx}`)).toMatchObject({ status: 2, until: inSeconds(600) })
  })

  test('stays when the device recovers, which gets another entry', async () => {
    const lists = await open()
    const first = await lists.reference('dev_1', PIC, inSeconds(600))
    await lists.standingChanged(admitted('dev_1', PI))
    await lists.standingChanged(admitted('dev_1', PIC))
    const second = await lists.reference('dev_1', PIC, inSeconds(600))
    expect(second.idx).not.toBe(first.idx)
    expect(await statusOf(lists, first)).toBe(2)
    expect(await statusOf(lists, second)).toBe(0)
  })

  test.each(['locked out', 'removed', 'in conflict'])('is 1 for a device that is %s, whatever it names', async () => {
    const lists = await open()
    const references = [
      await lists.reference('dev_1', PIC, inSeconds(600)),
      await lists.reference('dev_1', [], inSeconds(600)),
    ]
    const other = await lists.reference('dev_2', PIC, inSeconds(600))
    await lists.standingChanged({ deviceId: 'dev_1', tiers: [], revoked: true })
    expect(await Promise.all(references.map((it) => statusOf(lists, it)))).toEqual([1, 1])
    expect(await statusOf(lists, other)).toBe(0)
  })

  test('is 2 for a device that flutters without end, until it has been calm for an hour', async () => {
    const lists = await open()
    const flutter = async () => {
      const reference = await lists.reference('dev_1', PIC, inSeconds(600))
      const status = await statusOf(lists, reference)
      await lists.standingChanged(admitted('dev_1', PI))
      await lists.standingChanged(admitted('dev_1', PIC))
      return status
    }
    const statuses: (number | undefined)[] = []
    for (let times = 0; times < 210; times++) statuses.push(await flutter())
    expect([statuses.indexOf(2), store.kept.size]).toEqual([200, 200])
    clock.pass(600 + 3601)
    await lists.tidy()
    expect(await flutter()).toBe(0)
  })

  test('of an attestation that is overtaken by a loss says so from its beginning', async () => {
    const lists = await open()
    await lists.standingChanged(admitted('dev_1', PI))
    const late = await lists.reference('dev_1', PIC, inSeconds(600))
    expect(await statusOf(lists, late)).toBe(2)
    expect(await lists.reference('dev_1', PIC, inSeconds(601))).toEqual(late)
    await lists.standingChanged({ deviceId: 'dev_1', tiers: [], revoked: true })
    expect(await statusOf(lists, await lists.reference('dev_1', PI, inSeconds(600)))).toBe(1)
  })

  test('is not written for a device that went home: nothing that names its entry is alive', async () => {
    const lists = await open()
    const first = await lists.reference('dev_1', PIC, inSeconds(600))
    clock.pass(900)
    await lists.standingChanged(admitted('dev_1', ['public']))
    expect(store.writes).toBe(1)
    await lists.standingChanged(admitted('dev_1', PIC))
    expect(await lists.reference('dev_1', PIC, inSeconds(600))).toEqual(first)
  })

  test('goes with its entry, once that is free, and the entry can be given to others', async () => {
    const lists = await open({ entries: 8, below: () => 3 })
    const reference = await lists.reference('dev_1', PIC, inSeconds(600))
    const other = await lists.reference('dev_2', PIC, inSeconds(600))
    await lists.standingChanged(admitted('dev_1', PI))
    clock.pass(600 + 3600)
    await lists.tidy()
    expect(await statusOf(lists, reference)).toBe(2)
    clock.pass(1)
    await lists.tidy()
    expect(await statusOf(lists, reference)).toBe(0)
    expect([...store.kept.values()].map(({ deviceId }) => deviceId)).toEqual(['dev_2'])
    expect((await lists.reference('dev_3', PI, inSeconds(600))).idx).toBe(reference.idx)
    expect((await lists.reference('dev_2', PIC, inSeconds(600))).idx).toBe(other.idx)
  })

  test('is shown although it cannot be written, told of, and written later', async () => {
    const lists = await open()
    const reference = await lists.reference('dev_1', PIC, inSeconds(600))
    store.isFull = true
    await expect(lists.standingChanged(admitted('dev_1', PI))).rejects.toThrow('disk is full')
    expect(await statusOf(lists, reference)).toBe(2)
    expect([...store.kept.values()]).toMatchObject([{ status: 0 }])
    await expect(lists.tidy()).rejects.toThrow('disk is full')
    store.isFull = false
    await lists.tidy()
    expect([...store.kept.values()]).toMatchObject([{ status: 2 }])
  })
})

describe('after the collector was killed', () => {
  test('entries and statuses are what they were', async () => {
    const before = await open()
    const lost = await before.reference('dev_1', PIC, inSeconds(600))
    await before.standingChanged(admitted('dev_1', PI))
    const kept = await before.reference('dev_1', PI, inSeconds(600))
    const revoked = await before.reference('dev_2', PI, inSeconds(600))
    await before.standingChanged({ deviceId: 'dev_2', tiers: [], revoked: true })
    const lists = await open()
    expect(await Promise.all([lost, kept, revoked].map((it) => statusOf(lists, it)))).toEqual([2, 0, 1])
    expect(await lists.reference('dev_1', PI, inSeconds(600))).toEqual(kept)
  })

  test('what was lost before it could be written is marked when the devices have been judged', async () => {
    const before = await open()
    const [kept, lost, gone] = [
      await before.reference('dev_1', PIC, inSeconds(600)),
      await before.reference('dev_2', PIC, inSeconds(600)),
      await before.reference('dev_3', PIC, inSeconds(600)),
    ]
    const lists = await open()
    await lists.reconcile([admitted('dev_1', PIC), admitted('dev_2', PI), admitted('dev_4', PI)])
    expect(await Promise.all([kept, lost, gone].map((it) => statusOf(lists, it)))).toEqual([0, 2, 1])
    expect([...store.kept.values()].map(({ status }) => status)).toEqual([0, 2, 1])
  })

  test('entries that rested while it was off are free', async () => {
    await (await open({ entries: 8 })).reference('dev_1', PIC, inSeconds(600))
    clock.pass(86_400 + 3600 + 1)
    const lists = await open({ entries: 8, below: () => 3 })
    for (let device = 2; device <= 5; device++) await lists.reference(`dev_${device}`, PIC, inSeconds(600))
    expect(lists.uris().length).toBe(1)
  })
})

describe('the clock', () => {
  test('set forward by days frees nothing that an attestation may name', async () => {
    const lists = await open()
    const reference = await lists.reference('dev_1', PIC, inSeconds(600))
    clock.set(3 * 86_400)
    await lists.standingChanged({ deviceId: 'dev_1', tiers: [], revoked: true })
    expect(await statusOf(lists, reference)).toBe(1)
    expect(store.kept.get(`1/${reference.idx}`)?.until.getTime()).toBeGreaterThan(clock.now().getTime())
  })

  test('set back changes nothing of what attestations say about their end', async () => {
    const lists = await open()
    const reference = await lists.reference('dev_1', PIC, inSeconds(600))
    clock.set(-86_400)
    expect(await lists.reference('dev_1', PIC, inSeconds(600))).toEqual(reference)
    await lists.standingChanged(admitted('dev_1', PI))
    expect(store.kept.get(`1/${reference.idx}`)).toMatchObject({ status: 2, until: inSeconds(86_400 + 600) })
  })
})

const decoded = async (lists: StatusLists) => {
  const token = (await lists.token(1)) ?? ''
  const { payload, protectedHeader } = await jwtVerify(token, keys, { currentDate: clock.now() })
  return { payload, protectedHeader, token }
}

describe('the signed list', () => {
  test('has the members of the draft and no others', async () => {
    const { payload, protectedHeader } = await decoded(await open())
    const iat = START.getTime() / 1000
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'statuslist+jwt', kid: expect.any(String) })
    expect(payload).toEqual({
      sub: `${ISSUER}/v1/status-lists/1`,
      iat,
      exp: iat + 600,
      ttl: 60,
      status_list: { bits: 2, lst: expect.any(String) },
    })
  })

  test('is the same until something changes, or half of its life is over', async () => {
    const lists = await open()
    const { token } = await decoded(lists)
    await lists.reference('dev_1', PIC, inSeconds(600))
    clock.pass(299)
    expect((await decoded(lists)).token).toBe(token)
    clock.pass(1)
    const renewed = (await decoded(lists)).token
    expect(renewed).not.toBe(token)
    await lists.standingChanged(admitted('dev_1', []))
    const changed = (await decoded(lists)).token
    expect(changed).not.toBe(renewed)
    clock.set(-60)
    expect((await decoded(lists)).token).not.toBe(changed)
  })

  test('is there from the start, and there is none of a number that nobody was given', async () => {
    const lists = await open()
    expect(lists.uris()).toEqual([`${ISSUER}/v1/status-lists/1`])
    expect(await lists.token(2)).toBeNull()
    expect(await lists.token(0)).toBeNull()
  })

  test('that a signer refuses is signed when it is asked for again', async () => {
    let isDown = true
    const statusList: typeof issuer.statusList = (claims) =>
      isDown ? Promise.reject(new Error('the signer is down')) : issuer.statusList(claims)
    const lists = await open({ issuer: { statusList } })
    await expect(lists.token(1)).rejects.toThrow('signer is down')
    isDown = false
    expect(await lists.token(1)).toEqual(expect.any(String))
  })
})

/** Devices that gain and lose tiers at random, writes that fail, kills and restarts. Every attestation is remembered. */
test('in weeks of chance no living attestation shares its entry, and each says what is true of it', async () => {
  const chances = chance(11)
  const devices = Array.from({ length: 12 }, (_, at) => ({ id: `dev_${at}`, count: 3, revoked: false }))
  type Alive = {
    device: (typeof devices)[number]
    count: number
    exp: Date
    wasLost: boolean
    at: { idx: number; uri: string }
  }
  let alive: Alive[] = []
  let lists = await open({ entries: 64 })
  const standing = ({ id, count, revoked }: (typeof devices)[number]) => ({
    deviceId: id,
    tiers: revoked ? [] : tiersOf(count),
    revoked,
  })
  let attested = 0
  const wrong: object[] = []
  for (let step = 0; step < 6000; step++) {
    clock.pass(chances.oneIn(50) ? chances.below(20_000) : chances.below(240))
    alive = alive.filter(({ exp }) => exp > clock.now())
    store.isFull = chances.oneIn(10)
    const device = devices[chances.below(devices.length)]!

    if (chances.oneIn(4)) {
      device.revoked = chances.oneIn(10)
      device.count = chances.below(4)
      for (const it of alive) {
        it.wasLost ||= it.device === device && (device.revoked || it.count > device.count)
      }
      await lists.standingChanged(standing(device)).catch(() => undefined)
    } else if (!device.revoked) {
      const exp = inSeconds(1 + chances.below(600))
      const at = await lists.reference(device.id, tiersOf(device.count), exp).catch(() => null)
      if (at) {
        attested++
        alive.push({ device, count: device.count, exp, wasLost: false, at })
      }
    }
    if (chances.oneIn(20)) await lists.tidy().catch(onError)
    if (chances.oneIn(40)) {
      store.isFull = false
      lists = await open({ entries: 64 })
      await lists.reconcile(devices.map(standing))
    }

    const holders = new Map<string, string>()
    for (const it of alive) {
      const entry = `${it.at.uri}#${it.at.idx}`
      const holder = `${it.device.id} ${it.count}`
      if ((holders.get(entry) ?? holder) !== holder) wrong.push({ step, holder, ...it })
      holders.set(entry, holder)
    }
    const checked = alive[chances.below(alive.length)]
    if (checked && step % 10 === 0) {
      const status = await statusOf(lists, checked.at)
      const isLostNow = checked.device.revoked || checked.count > checked.device.count
      const isTrue = isLostNow ? status !== 0 : checked.wasLost || status === 0
      if (!isTrue) wrong.push({ step, status, ...checked })
    }
  }
  expect(wrong).toEqual([])
  expect(attested).toBeGreaterThan(2000)
  expect(lists.uris().length).toBeLessThan(6)
})
