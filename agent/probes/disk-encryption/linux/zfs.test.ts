import { describe, expect, test } from 'vitest'
import { mutated } from '../../../../test/fakes/mutations.ts'
import { readZfsGet, readZpoolStatus } from './zfs.ts'

const get = (encryption: string, keystatus = '-', keyformat = 'none') =>
  `r\tencryption\t${encryption}\tdefault\nr\tkeystatus\t${keystatus}\t-\nr\tkeyformat\t${keyformat}\t-\n`

describe('readZfsGet', () => {
  test.each([
    { stdout: get('aes-256-gcm', 'available', 'passphrase'), dataset: { state: 'on', keyProtector: 'passphrase' } },
    { stdout: get('aes-128-ccm', 'available', 'raw'), dataset: { state: 'on', keyProtector: null } },
    {
      stdout: get('aes-256-gcm', 'unavailable', 'passphrase'),
      dataset: { state: 'locked', keyProtector: 'passphrase' },
    },
    { stdout: get('aes-256-gcm'), dataset: { state: 'unknown', keyProtector: null } },
    { stdout: get('off'), dataset: { state: 'off', keyProtector: null } },
    { stdout: get('-'), dataset: { state: 'unknown', keyProtector: null } },
    { stdout: get('rot13', 'available'), dataset: { state: 'unknown', keyProtector: null } },
    { stdout: 'r\tkeystatus\tavailable\n', dataset: { state: 'unknown', keyProtector: null } },
  ])('$stdout', ({ stdout, dataset }) => {
    const datasets = readZfsGet(stdout)
    expect(datasets.kind === 'value' && datasets.value.get('r')).toMatchObject(dataset)
  })

  test('a table for people, whose names may have spaces', () => {
    const stdout = [
      'NAME          PROPERTY     VALUE                  SOURCE',
      'tank          encryption   off                    default',
      'tank/my home  encryption   aes-256-gcm            -',
      'tank/my home  keystatus    available              -',
      'tank/my home  keyformat    passphrase             -',
      'tank/my home  mountpoint   /home/my home          local',
      'tank/my home  keylocation  prompt                 local',
      '',
    ].join('\n')
    const datasets = readZfsGet(stdout)
    expect(datasets.kind === 'value' && [...datasets.value]).toEqual([
      ['tank', { state: 'off', keyProtector: null, mountPoint: null }],
      ['tank/my home', { state: 'on', keyProtector: 'passphrase', mountPoint: '/home/my home' }],
    ])
  })

  test('a list, some of whose columns stand right', () => {
    const stdout = [
      'NAME           ENCRYPTION    KEYSTATUS  MOUNTPOINT',
      'tank                  off            -  none',
      'tank/my home  aes-256-gcm    available  /home/my home',
      'tank/old      aes-256-gcm  unavailable  /old',
      'tank/cut      aes-256-gcm',
    ].join('\n')
    const datasets = readZfsGet(stdout)
    expect(datasets.kind === 'value' && [...datasets.value]).toEqual([
      ['tank', { state: 'off', keyProtector: null, mountPoint: null }],
      ['tank/my home', { state: 'on', keyProtector: null, mountPoint: '/home/my home' }],
      ['tank/old', { state: 'locked', keyProtector: null, mountPoint: '/old' }],
    ])
  })

  test.each([
    { more: 'r\tmountpoint\t/srv\tlocal\n', mountPoint: '/srv' },
    { more: 'r\tmountpoint\t/srv\tlocal\nr\tmounted\tno\t-\n', mountPoint: null },
    { more: 'r\tmountpoint\tlegacy\tlocal\n', mountPoint: null },
  ])('mounted by itself or not: $more', ({ more, mountPoint }) => {
    const datasets = readZfsGet(get('off') + more)
    expect(datasets.kind === 'value' && datasets.value.get('r')?.mountPoint).toBe(mountPoint)
  })

  test.each(['', 'no datasets available\n', 'r encryption on'])('unreadable: %j', (stdout) => {
    expect(readZfsGet(stdout)).toMatchObject({ kind: 'unreadable' })
  })

  test('a broken answer never makes a plain dataset encrypted', () => {
    for (let seed = 0; seed < 10_000; seed++) {
      const datasets = readZfsGet(mutated(get('off').repeat(2), seed))
      const states = datasets.kind === 'value' ? [...datasets.value.values()].map(({ state }) => state) : []
      expect(states).not.toContain('on')
    }
  })
})

const STATUS = `  pool: r
 state: ONLINE
status: Mismatch between pool hostid and system hostid.
\tThis pool was imported elsewhere.
config:

\tNAME             STATE     READ WRITE CKSUM
\tr                ONLINE       0     0     0
\t  mirror-0       ONLINE       0     0     0
\t    /dev/dm-0    ONLINE       0     0     0
\t    /dev/sda3    ONLINE       0     0     0
\tlogs
\t  /dev/sdb1      ONLINE       0     0     0
\tspares
\t  /dev/sdc1      AVAIL

errors: No known data errors

  pool: t
 state: DEGRADED
config:

\tNAME             STATE     READ WRITE CKSUM
\tt                DEGRADED     0     0     0
\t  1122334455     UNAVAIL      0     0     0  was /dev/sdd1

errors: No known data errors
`

describe('readZpoolStatus', () => {
  test('names what holds the bytes of each pool', () => {
    const pools = readZpoolStatus(STATUS)
    expect(pools.kind === 'value' && [...pools.value]).toEqual([
      ['r', ['/dev/dm-0', '/dev/sda3', '/dev/sdb1']],
      ['t', ['1122334455']],
    ])
  })

  test.each(['', 'no pools available\n', '  pool: r\n state: ONLINE\n'])('unreadable: %j', (stdout) => {
    expect(readZpoolStatus(stdout)).toMatchObject({ kind: 'unreadable' })
  })

  test('broken answers never throw', () => {
    for (let seed = 0; seed < 10_000; seed++) {
      expect(() => readZpoolStatus(mutated(STATUS, seed))).not.toThrow()
    }
  })
})
