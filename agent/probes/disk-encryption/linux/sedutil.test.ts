import { describe, expect, test } from 'vitest'
import { mutated } from '../../../../test/fakes/mutations.ts'
import { readSedutilQuery, sedutilArguments } from './sedutil.ts'

const query = (flags: string) => `
/dev/nvme0 NVMe  SOME DISK 512GB                          1.0              0123
TPer function (0x0001)
    ACKNAK = N, ASYNC = N. BufferManagement = N, comIDManagement  = N, Streaming = Y, SYNC = Y
Locking function (0x0002)
    ${flags}
Geometry function (0x0003)
    Align = Y, Alignment Granularity = 8 (4096), Logical Block size = 512, Lowest Aligned LBA = 0
`
const flags = (locked: string, enabled: string, shadow: string, encrypts = 'Y') =>
  `Locked = ${locked}, LockingEnabled = ${enabled}, LockingSupported = Y, MBRDone = N, MBREnabled = ${shadow}, MediaEncrypt = ${encrypts}`

describe('readSedutilQuery', () => {
  test.each([
    { name: 'not set up', stdout: query(flags('N', 'N', 'N')), lock: 'off' },
    { name: 'set up, with a shadow of the boot record', stdout: query(flags('N', 'Y', 'Y')), lock: 'on' },
    { name: 'set up, of what is not told', stdout: query(flags('N', 'Y', 'N')), lock: 'unknown' },
    { name: 'locked', stdout: query(flags('Y', 'Y', 'N')), lock: 'locked' },
    { name: 'it locks and does not encrypt', stdout: query(flags('N', 'Y', 'Y', 'N')), lock: 'unknown' },
    { name: 'a flag lacks', stdout: query('Locked = N, LockingEnabled = Y, MediaEncrypt = Y'), lock: 'unreadable' },
    { name: 'no locking', stdout: query('').replace(/Locking[^]*Geometry/, 'Geometry'), lock: 'unreadable' },
    { name: 'no such drive', stdout: 'Invalid or unsupported disk /dev/nvme0\n', lock: 'unreadable' },
    { name: 'nothing', stdout: '', lock: 'unreadable' },
  ])('$name: $lock', ({ stdout, lock }) => {
    const told = readSedutilQuery(stdout)
    expect(told.kind === 'value' ? told.value : told.kind).toBe(lock)
  })

  test('damage never makes a drive protected', () => {
    for (let seed = 0; seed < 10_000; seed++) {
      expect(readSedutilQuery(mutated(query(flags('N', 'N', 'N')), seed))).not.toMatchObject({ value: 'on' })
    }
  })
})

test.each([
  ['nvme0n1', '/dev/nvme0'],
  ['nvme10n2', '/dev/nvme10'],
  ['sda', '/dev/sda'],
])('%s is asked for at %s', (disk, path) => {
  expect(sedutilArguments(disk)).toEqual(['--query', path])
})
