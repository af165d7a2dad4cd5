import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CATALOGUE_YAML, SOFA_V2 } from '../../test/fakes/feeds.ts'
import { mutations } from '../../test/fakes/mutations.ts'
import { readFeed } from '../appraisal/feeds/read.ts'
import { VERSION } from '../version.ts'
import { openCopies, type Kept } from './kept.ts'

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'muster-kept-')), 'releases')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

const READ_AT = new Date('2026-11-25T12:00:00.123Z')
const kept = (text: string): Kept => ({
  feed: readFeed(Buffer.from(text), { name: '', now: READ_AT }),
  readAt: READ_AT,
  checkedAt: READ_AT,
  etag: '"abc"',
})
const only = () => join(folder, readdirSync(folder)[0] ?? '')

test.each([SOFA_V2, CATALOGUE_YAML])('what is kept comes back as it was', async (text) => {
  const copies = await openCopies(folder)
  expect(await copies.load('source', 'place')).toBeNull()
  await copies.save('source', 'place', kept(text))
  await copies.save('source', 'place', kept(text))
  expect(await (await openCopies(folder)).load('source', 'place')).toEqual(kept(text))
  expect(readdirSync(folder)).toHaveLength(1)
})

test.skipIf(process.platform === 'win32')('it is for its owner alone, also in a folder that was not', async () => {
  mkdirSync(folder, { mode: 0o755, recursive: true })
  await (await openCopies(folder)).save('source', 'place', kept(SOFA_V2))
  expect([statSync(folder).mode & 0o777, statSync(only()).mode & 0o777]).toEqual([0o700, 0o600])
})

test('it belongs to its source, its pin included, and to its place', async () => {
  const copies = await openCopies(folder)
  await copies.save('source', 'place', kept(SOFA_V2))
  expect(await copies.load('source#key=a', 'place')).toBeNull()
  expect(await copies.load('source', 'other')).toBeNull()
  // Nor does it when somebody gives it the name of another.
  await copies.save('other', 'place', kept(SOFA_V2))
  const [one = '', other = ''] = readdirSync(folder).map((name) => join(folder, name))
  const content = readFileSync(one)
  writeFileSync(one, readFileSync(other))
  writeFileSync(other, content)
  expect([await copies.load('source', 'place'), await copies.load('other', 'place')]).toEqual([null, null])
})

test('the ETag of what another release of ours read says nothing about what we would read', async () => {
  const copies = await openCopies(folder)
  await copies.save('source', 'place', kept(SOFA_V2))
  writeFileSync(only(), readFileSync(only(), 'utf8').replace(`"readBy":"${VERSION}"`, '"readBy":"0.0.1"'))
  expect(await copies.load('source', 'place')).toEqual({ ...kept(SOFA_V2), etag: null })
})

test('what no source names any more is removed, and nothing that is not ours', async () => {
  const copies = await openCopies(folder)
  await copies.save('source', 'place', kept(SOFA_V2))
  await copies.save('source', 'other', kept(SOFA_V2))
  writeFileSync(join(folder, 'notes.txt'), 'by hand')
  writeFileSync(`${only()}.new`, 'half of a copy, from before a power cut')
  await copies.forgetAllBut([['source', 'place']])
  expect(await copies.load('source', 'place')).not.toBeNull()
  expect(await copies.load('source', 'other')).toBeNull()
  expect(readdirSync(folder)).toHaveLength(2)
})

test('a damaged copy is none, or has the form of one', async () => {
  const copies = await openCopies(folder)
  await copies.save('source', 'place', kept(CATALOGUE_YAML))
  const file = only()
  let whole = 0
  for (const damaged of mutations(readFileSync(file, 'utf8'), 200)) {
    writeFileSync(file, damaged)
    const loaded = await copies.load('source', 'place')
    if (loaded) whole++
    if (loaded && Number.isNaN(loaded.readAt.getTime())) throw new Error(damaged)
  }
  expect(whole).toBeGreaterThan(0)
  expect(whole).toBeLessThan(200)
})
