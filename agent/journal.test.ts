import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { JOURNAL_ENTRIES, openJournal, readJournal } from './journal.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-journal-'))
  path = join(folder, 'journal.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

const report = (seq: number) => ({
  time: '2026-01-01T00:00:00.000Z',
  kind: 'evidence' as const,
  seq,
  to: 'https://muster.example.com',
  jws: `jws-${seq}`,
})

test('holds what was sent and what came back, the newest first, privately', async () => {
  const journal = await openJournal(path)
  await journal.sent(report(1))
  await journal.answered(1, 'appraised')
  await journal.sent(report(2))
  expect(await readJournal(path)).toEqual([
    { ...report(2), answer: null },
    { ...report(1), answer: 'appraised' },
  ])
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('goes on after a restart', async () => {
  await (await openJournal(path)).sent(report(1))
  await (await openJournal(path)).answered(1, 'store-unavailable')
  expect(await readJournal(path)).toEqual([{ ...report(1), answer: 'store-unavailable' }])
})

test('keeps the newest and stays bounded', async () => {
  const journal = await openJournal(path)
  for (let seq = 1; seq <= 1000; seq += 1) {
    await journal.sent(report(seq))
    await journal.answered(seq, 'appraised')
  }
  const entries = await readJournal(path)
  expect(entries).toHaveLength(JOURNAL_ENTRIES)
  expect(entries[0]).toEqual({ ...report(1000), answer: 'appraised' })
  expect(entries.at(-1)?.seq).toBe(801)
  expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThanOrEqual(4 * JOURNAL_ENTRIES + 1)
})

test('a line that was cut, or is not one of ours, takes no other with it', async () => {
  const journal = await openJournal(path)
  await journal.sent(report(1))
  appendFileSync(path, '\n{"sent":{"time":"2026-01-01T00:0')
  const reopened = await openJournal(path)
  await reopened.sent(report(2))
  appendFileSync(path, '\nnull\n{"seq":99,"answer":"appraised"}\n\0\0')
  expect((await readJournal(path)).map(({ seq }) => seq)).toEqual([2, 1])
})

test('reports that are noted at once are noted in order', async () => {
  const journal = await openJournal(path)
  await Promise.all([1, 2, 3, 4, 5].map((seq) => journal.sent(report(seq))))
  expect((await readJournal(path)).map(({ seq }) => seq)).toEqual([5, 4, 3, 2, 1])
})

test('there is nothing in a journal that is not there, or is garbage', async () => {
  expect(await readJournal(path)).toEqual([])
  writeFileSync(path, 'garbage')
  expect(await readJournal(path)).toEqual([])
})
