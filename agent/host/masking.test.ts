import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { maskRecording, PUBLIC_IDS, type Private } from './masking.ts'
import type { Recording, RecordingEntry } from './recorded.ts'

const NOTHING: Private = { ids: [], users: [], hostnames: [] }

function mask(entries: RecordingEntry[], known: Partial<Private> = {}, salt = 'salt') {
  const recording: Recording = { version: 1, platform: 'linux', recordedAt: '2026-11-20T12:00:00Z', entries }
  return maskRecording(recording, { ...NOTHING, ...known }, salt)
}

function maskText(content: string, known: Partial<Private> = {}): string {
  const [entry] = mask([{ kind: 'file', path: '/example', content }], known).recording.entries
  return entry?.kind === 'file' ? (entry.content ?? '') : ''
}

describe('what is private', () => {
  test.each([
    ['an id in quotes', 'aid="0123456789abcdef0123456789abcdef"', '0123456789abcdef0123456789abcdef'],
    ['a UUID', '{"edrMachineId":"b52fff2c-1f1c-4d3b-9a5a-0123456789ab"}', 'b52fff2c'],
    ['a serial number by its label', '  Serial Number (system): C02XK1ABJG5H', 'C02XK1ABJG5H'],
    [
      'the id of a Mac for its management',
      '      Provisioning UDID: 00008103-000E34AA1C81401E',
      '00008103-000E34AA1C81401E',
    ],
    ['a serial number in JSON', '{"SerialNumber":"PF3ABC12","Name":"BIOS"}', 'PF3ABC12'],
    ['a key of a site', 'Site-Key   1234abcd5678', '1234abcd5678'],
    ['a token', 'token = eyJ4NTdW1', 'eyJ4NTdW1'],
    ['a security id', 'S-1-5-21-1004336348-1177238915-682003330-512', '1177238915'],
    ['a password that is a word', 'Acquire::http { User "x"; Password "swordfish"; };', 'swordfish'],
    ['a token of a word', '"enrollmentToken":"","token":"sesame"', 'sesame'],
    ['an address of mail', 'owner: alice.b@example.com', 'alice.b'],
    ['an address of a card', 'ether 3c:22:fb:01:02:03', '3c:22:fb:01:02:03'],
    ['credentials of a proxy', 'Acquire::http::Proxy "http://alice:s3cret@proxy:3128";', 's3cret'],
    ['credentials of a proxy with an @', 'http_proxy=http://alice:p@ss@proxy:3128', 'ss@proxy'],
    ['a user by the folder in JSON', '{"path":"C:\\\\Users\\\\Bob\\\\x"}', 'Bob'],
    ['a user whose name is not ASCII', '/Users/jörgen/Library', 'jörgen'],
    ['a user by a folder in a property list', '<string>/Users/carol</string>', 'carol'],
    ['a user by their session', 'UID=1234500001\nUSER=mallory\n', 'mallory'],
    ['a user by the folder', '/home/alice/.config, C:\\Users\\Bob Smith\\AppData, /Users/carol', 'alice'],
    ['a user by the folder of Windows', 'C:\\Users\\Bob Smith\\AppData', 'Bob'],
    ['a user by name', "Deferred enablement appears to be active for user 'carol'.", 'carol'],
  ])('%s', (_, text, secret) => {
    const masked = maskText(text)
    expect(masked).not.toContain(secret)
    expect(masked.length).toBeGreaterThan(text.length / 2)
  })

  test('what the facts tell is masked wherever it stands', () => {
    const known = { ids: ['4711XY'], users: ['dave'], hostnames: ['dave-laptop.example.com'] }
    expect(maskText('dave on dave-laptop.example.com has 4711XY', known)).toMatch(/^user1 on host1 has \d{4}[A-Z]{2}$/)
    expect(maskText('DAVE', known)).toBe('user1')
    expect(maskText('dave2 and undave stay', known)).toBe('dave2 and undave stay')
  })

  test('units of systemd are no addresses of mail', () => {
    const path = '/usr/lib/systemd/system/clamd@scan.service'
    expect(maskText(path)).toBe(path)
    expect(maskText('scan@service.example.com')).not.toContain('scan')
  })

  test('of the messages of the kernel all but those of its start', () => {
    const kept = '[    0.000000] secureboot: Secure boot enabled\n[    1.000000] tpm_crb MSFT0101:00: Disabling hwrng\n'
    const stdout = `[    0.5] usb 1-1: SerialNumber: 00A1\n${kept}[   99.1] [UFW BLOCK] IN=wlan0 SRC=192.0.2.7`
    const command = {
      kind: 'command' as const,
      program: 'dmesg',
      args: [],
      exitCode: 0,
      stdout,
      stderr: '',
    } satisfies RecordingEntry
    expect(mask([command]).recording.entries).toEqual([{ ...command, stdout: kept }])
  })

  test('whoever sits at a Mac', () => {
    const { entries } = mask([
      {
        kind: 'command',
        program: 'stat',
        args: ['-f', '%u %Su', '/dev/console'],
        exitCode: 0,
        stdout: '501 alice\n',
        stderr: '',
      },
      { kind: 'file', path: '/Library/Managed Preferences/alice/com.apple.screensaver.plist', content: null },
    ]).recording
    expect(entries).toMatchObject([
      { stdout: '501 user1\n' },
      { path: '/Library/Managed Preferences/user1/com.apple.screensaver.plist' },
    ])
  })

  test('people and their full names in /etc/passwd', () => {
    const passwd = 'root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000:Alice Miller,,,:/home/alice:/bin/bash\n'
    const [entry] = mask([{ kind: 'file', path: '/etc/passwd', content: passwd }]).recording.entries
    expect(entry).toMatchObject({ content: 'root:x:0:0::/root:/bin/bash\nuser1:x:1000:1000::/home/user1:/bin/bash\n' })
  })

  test('of an environment all but the home folder', () => {
    const content = 'NOT_HOME=x\0GITHUB_SECRET=a b\nc\0HOME=/home/alice\0LANG=C\0'
    const [entry] = mask([{ kind: 'file', path: '/proc/812/environ', content }]).recording.entries
    expect(entry).toMatchObject({ content: 'HOME=/home/user1' })
  })

  test('files, keys and folders that hold nothing else', () => {
    const { entries } = mask([
      { kind: 'file', path: '/sys/class/dmi/id/product_serial', content: 'PF3ABC12\n' },
      { kind: 'file', path: '/proc/sys/kernel/hostname', content: 'debian\n' },
      { kind: 'registry', key: 'HKLM\\X', values: { AG: '0a1b2c3d4e5f60718293a4b5c6d7e8f9', UBR: 4652 } },
      {
        kind: 'registry',
        key: 'HKLM\\Y',
        values: { ComputerName: 'ALICE-PC', EditionID: 'Professional', ReleaseId: '2009' },
      },
      { kind: 'directory', path: '/home', names: ['alice', 'lost+found'] },
      {
        kind: 'command',
        program: 'scutil',
        args: ['--get', 'ComputerName'],
        exitCode: 0,
        stdout: 'MacBook of Ada\n',
        stderr: '',
      },
    ]).recording
    expect(entries[0]).toMatchObject({ content: expect.stringMatching(/^[A-Z]{2}\d[A-Z]{3}\d{2}\n$/) as string })
    expect(entries[0]).not.toMatchObject({ content: 'PF3ABC12\n' })
    expect(entries[1]).toMatchObject({ content: 'host1\n' })
    expect(entries[2]).toMatchObject({
      values: { AG: expect.stringMatching(/^(?!0a1b2c)[0-9a-f]{32}$/) as string, UBR: 4652 },
    })
    expect(entries[3]).toMatchObject({
      values: { ComputerName: 'host1', EditionID: 'Professional', ReleaseId: '2009' },
    })
    expect(entries[4]).toMatchObject({ names: ['user1', 'lost+found'] })
    expect(entries[5]).toMatchObject({ stdout: 'host1\n' })
  })
})

test('masking is quick on whatever was read', () => {
  for (const text of ['a', 'a.', 'a1', '1', ' ', 'a@', '/home/a ', 'token:']) {
    const before = performance.now()
    maskText(text.repeat(100_000 / text.length))
    expect(performance.now() - before).toBeLessThan(500)
  }
})

describe('what readers go by stays', () => {
  test.each([
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\n',
    'rfm-state=false, rfm-reason=None, code=0x0, version = 7.18.17106.0',
    '22 27 0:21 / /proc rw,relatime - proc proc rw\n',
    'aid is not set.\ncid is not set.',
    'Site-Key: unavailable',
    'FileVault is On.',
    'askForPassword = 1; token = unavailable; Password: true; Numerical Password:\n      ID: x',
    '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c',
  ])('%j', (text) => {
    expect(maskText(text, { hostnames: ['debian', 'localhost'] })).toBe(text)
  })

  test('checksums and maintainers of package lists, which are public', () => {
    const content = `SHA256:\n ${'ab'.repeat(32)}\nMaintainer: Ada <ada@example.org>\n`
    const entries: RecordingEntry[] = [
      { kind: 'file', path: '/var/lib/apt/lists/a_Release', content },
      {
        kind: 'command',
        program: 'apt-helper',
        args: ['cat-file', '/x.lz4'],
        exitCode: 0,
        stdout: content,
        stderr: '',
      },
    ]
    expect(mask(entries)).toMatchObject({ recording: { entries }, replaced: 0 })
  })

  test('what is the same before is the same after, in texts and in paths', () => {
    const id = '29abbee9-af70-419a-88ae-dca2d7066538'
    const { entries } = mask([
      { kind: 'directory', path: '/sys/fs/btrfs', names: [id] },
      { kind: 'directory', path: `/sys/fs/btrfs/${id}/devices`, names: ['dm-0'] },
    ]).recording
    const [first, second] = entries
    const name = first?.kind === 'directory' ? first.names?.[0] : ''
    expect(name).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(name).not.toBe(id)
    expect(second).toMatchObject({ path: `/sys/fs/btrfs/${name}/devices` })
  })

  test('another salt gives another mask', () => {
    const entry: RecordingEntry = { kind: 'file', path: '/a', content: 'uuid 29abbee9-af70-419a-88ae-dca2d7066538' }
    expect(mask([entry], {}, 'a').recording).not.toEqual(mask([entry], {}, 'b').recording)
  })

  test('every UUID that stands in the code of the agent is public', () => {
    const root = join(import.meta.dirname, '..')
    const code = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('fixtures'))
      .map((name) => readFileSync(join(root, name), 'utf8'))
    const found = code.flatMap((text) => text.match(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi) ?? [])
    expect(found.filter((id) => !PUBLIC_IDS.has(id.toLowerCase()))).toEqual([])
  })
})
