import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { laptop } from '../test/fakes/laptop.ts'
import { SIGNAL_IDS } from '../shared/signals.ts'
import { collect } from './collect.ts'
import type { Host } from './host/host.ts'
import { parseRecording } from './host/recorded.ts'
import { allProbes } from './probes/all.ts'
import { record } from './record.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-record-'))
})
afterAll(() => rm(folder, { recursive: true }))

const { probes } = allProbes()
const read = (host: Host) => collect(host, probes, SIGNAL_IDS)

const MACHINE = laptop({
  files: {
    '/etc/os-release': 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n',
    '/proc/sys/kernel/hostname': 'alice-laptop-7\n',
    '/proc/self/mountinfo': '22 1 254:1 / / rw - ext4 /dev/vda1 rw\n',
    '/proc/partitions': 'major minor  #blocks  name\n\n 254        1  268435456 vda1\n',
    '/proc/swaps': 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n',
  },
})

test('writes a masked recording that reads as the machine does', async () => {
  const recorded = await record(MACHINE, join(folder, 'new'), read, 'salt')
  expect(recorded.differing).toEqual([])
  const { mode } = await stat(recorded.path)
  expect(mode & 0o777).toBe(0o600)
  const json = await readFile(recorded.path, 'utf8')
  expect(json).not.toContain('alice')
  expect(parseRecording(json).entries).toHaveLength(recorded.entries)
  expect(recorded.entries).toBeGreaterThan(4)
})

test('says which signals the recording does not tell as the machine does', async () => {
  let calls = 0
  const fickle = async (host: Host) => (calls++ === 0 ? read(host) : {})
  const { differing } = await record(MACHINE, join(folder, 'fickle'), fickle, 'salt')
  expect(differing).toContain('os')
})

test('a folder that cannot be made is refused with a code', async () => {
  await expect(record(MACHINE, '/dev/null/x', read, 'salt')).rejects.toMatchObject({ code: 'recording-not-written' })
})
