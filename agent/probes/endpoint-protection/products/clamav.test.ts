import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readClamError, readClamVersion } from './clamav.ts'

const VERSION = 'ClamAV 1.4.2/27800/Tue Nov  3 09:35:02 2026\n'
const GOOD: Told = { version: '1.4.2', protecting: true, definitionsAt: '2026-11-03T09:35:02.000Z' }

const cases: readonly { name: string; text: string; expected: Told }[] = [
  { name: 'with signatures', text: VERSION, expected: GOOD },
  {
    name: 'after warnings',
    text: `LibClamAV Warning: ***\nLibClamAV Warning: The virus database is older than 7 days!\r\n${VERSION}`,
    expected: GOOD,
  },
  { name: 'a candidate', text: VERSION.replace('1.4.2', '1.4.2-rc1'), expected: GOOD },
  {
    name: 'without signatures',
    text: 'ClamAV 1.5.1\n',
    expected: { version: '1.5.1', issues: ['it finds no signatures'] },
  },
  { name: 'a date in French', text: VERSION.replace('Tue Nov', 'mar. nov.'), expected: { version: '1.4.2' } },
  { name: 'a date that breaks off', text: VERSION.slice(0, 35), expected: { version: '1.4.2' } },
]

for (const { name, text, expected } of cases) {
  test(`clamscan: ${name}`, () => {
    expect(readClamVersion(text)).toEqual({ kind: 'value', value: { installed: true, ...expected } })
  })
}

test.each(['', 'ClamAV', 'clamscan: not found', 'ClamAV update process started'])(
  'clamscan: nothing is drawn from %j',
  (text) => expect(readClamVersion(text).kind).toBe('unreadable'),
)

test('clamdscan without a configuration is there, and no more', () => {
  for (const error of [
    "ERROR: Can't parse clamd configuration file /etc/clamav/clamd.conf\n",
    "ERROR: Can't open/parse the config file /etc/clamav/freshclam.conf\n",
    'ERROR: Please edit the example config file /etc/clamd.d/scan.conf\n',
  ]) {
    expect(readClamError(error)).toEqual({ kind: 'value', value: { installed: true } })
  }
  expect(readClamError('')).toBeNull()
  expect(readClamError('Segmentation fault')).toBeNull()
})

test('clamscan: damage makes no signatures where there are none', () => {
  for (const text of mutations('ClamAV 1.5.1\n', 10_000)) {
    const fact = readClamVersion(text)
    expect(fact.kind === 'value' && fact.value.definitionsAt !== undefined).toBe(false)
    readClamError(text)
  }
})
