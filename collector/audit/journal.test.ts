import { beforeEach, expect, test } from 'vitest'
import { saidBy, START } from '../../test/fakes/audit.ts'
import { MusterError } from '../../shared/errors.ts'
import type { AuditHead, AuditLine } from '../store/store.ts'
import { openJournal, type Journal } from './journal.ts'

let isAway: boolean
let written: AuditLine[]
let journal: Journal
beforeEach(() => {
  isAway = false
  written = []
  const store = {
    async addAudit(lines: readonly AuditLine[]) {
      if (isAway) throw new MusterError('store-unavailable', 'it is away')
      written.push(...lines)
      return 0
    },
    dropAudit: async () => 0,
  }
  journal = openJournal({
    store,
    mark: (extent): AuditHead => ({ ...extent, signature: 's' }),
    extent: { first: 1, previous: null, seq: 0, hash: null },
    head: null,
    clock: () => START,
    onError: () => undefined,
    most: 1000,
  })
})

const entry = (n: number) => ({ at: START, body: JSON.stringify({ n, text: 'x'.repeat(80) }), isDenial: true })
const refused = { code: 'store-unavailable' }

test('what was written makes room, and so does what was refused', async () => {
  for (let n = 0; n < 50; n++) {
    journal.push(entry(n))
    await journal.settled()
  }
  expect(saidBy(written).map(({ n }) => n)).toEqual(Array.from({ length: 50 }, (_, n) => n))
  isAway = true
  for (let n = 0; n < 50; n++) await expect(journal.append(entry(n))).rejects.toMatchObject(refused)
  journal.push(entry(50))
  isAway = false
  await journal.settled()
  expect(saidBy(written).slice(50)).toMatchObject([{ n: 50 }])
})

test('what finds no room is counted by its kind, and the line of it comes once, after what waited', async () => {
  isAway = true
  for (let n = 0; n < 30; n++) journal.push(entry(n))
  const later = new Date(START.getTime() + 5000)
  journal.push({ ...entry(30), at: later, isDenial: false, count: 7 })
  journal.push({ at: later, body: entry(31).body })
  await expect(journal.settled()).rejects.toMatchObject(refused)
  const { waiting, lost } = journal.load()
  expect([waiting > 0, waiting + lost]).toEqual([true, 30 + 7 + 1])
  isAway = false
  await journal.settled()
  expect(journal.load()).toEqual({ waiting: 0, lost })
  const said = saidBy(written)
  const kept = said.length - 1
  expect(said.slice(0, kept).map(({ n }) => n)).toEqual(Array.from({ length: kept }, (_, n) => n))
  expect(said.at(-1)).toEqual({
    at: later.toISOString(),
    kind: 'lost',
    problem: `${30 - kept} denials, 7 decisions to allow and 1 other lines were not kept: the database could not be written`,
    denied: 30 - kept,
    allowed: 7,
    others: 1,
    from: START.toISOString(),
    to: later.toISOString(),
  })
  journal.push(entry(99))
  await journal.settled()
  expect(saidBy(written).at(-1)).toMatchObject({ n: 99 })
})

test('acts are taken also where nothing else finds room', async () => {
  isAway = true
  for (let n = 0; n < 30; n++) journal.push(entry(n))
  await expect(journal.settled()).rejects.toMatchObject(refused)
  isAway = false
  await journal.append(entry(100))
  expect(saidBy(written).map(({ n }) => n)).toContain(100)
})

test('a line whose text is made late is made once its turn has come', async () => {
  let made = 0
  journal.push({ at: START, size: 10, body: () => JSON.stringify({ made: ++made }) })
  expect(made).toBeLessThanOrEqual(1)
  await journal.settled()
  expect(saidBy(written)).toEqual([{ at: START.toISOString(), made: 1 }])
})

test('says from where to where it goes, and has no head before one is on disk', async () => {
  expect(journal.head()).toBeNull()
  await journal.begin()
  expect(journal.head()).toEqual({ first: 1, previous: null, seq: 0, hash: null, signature: 's' })
  await journal.append(entry(1))
  expect(journal.head()).toMatchObject({ seq: 1, hash: written[0]?.hash })
  expect(journal.extent()).toMatchObject({ first: 1, seq: 1, hash: written[0]?.hash })
})
