import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readProtectctl } from './jamf-protect.ts'

const INFO =
  'Status: Protected\nTenant: acme.protect\nVersion: 6.2.0.4\nLast Check-in: 2026-11-20 11:00:00 +0000\nPlan Hash: 1f2e\n'
const PLIST = `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>Status</key><string>Protected</string><key>Tenant</key><string>acme</string><key>Version</key><string>6.2.0.4</string><key>LastCheckin</key><date>2026-11-20T11:00:00Z</date></dict></plist>`
const GOOD: Told = {
  running: true,
  protecting: true,
  onboarded: true,
  version: '6.2.0.4',
  lastContactAt: '2026-11-20T11:00:00.000Z',
}

const cases: readonly { name: string; text: string; expected: Told }[] = [
  { name: 'protected', text: INFO, expected: GOOD },
  {
    name: 'with its monitors',
    text: `${INFO}Monitors\n\tFile\n\t\tStatus: Active\n\t\tVersion: 1.0\n`,
    expected: GOOD,
  },
  { name: 'a property list', text: PLIST, expected: GOOD },
  {
    name: 'JSON',
    text: JSON.stringify({
      Status: 'Protected',
      Tenant: 'acme',
      Version: '6.2.0.4',
      LastCheckin: '2026-11-20T11:00:00Z',
      Monitors: {},
    }),
    expected: GOOD,
  },
  { name: 'its version alone', text: '6.2.0.4\n', expected: { version: '6.2.0.4' } },
  {
    name: 'disconnected',
    text: 'Status: Disconnected\nTenant: acme\nVersion: 6.2.0.4\n',
    expected: { connected: false, onboarded: true, version: '6.2.0.4' },
  },
  {
    name: 'not enrolled, though a tenant is left',
    text: 'Status: Not Enrolled\nTenant: acme\n',
    expected: { onboarded: false, healthy: false },
  },
  {
    name: 'a word that nobody knows, and a time without its zone',
    text: INFO.replace('Protected', 'Geschützt').replace(' +0000', ''),
    expected: { onboarded: true, version: '6.2.0.4' },
  },
]

for (const { name, text, expected } of cases) {
  test(`protectctl: ${name}`, () => {
    expect(readProtectctl(text)).toEqual({ kind: 'value', value: { installed: true, ...expected } })
  })
}

test.each([
  '',
  'Error: must be run as root',
  'Status:',
  PLIST.slice(0, -15),
  'Tenant: acme',
  '["Protected"]',
  '{"Status":"Protected"',
])('protectctl: nothing is drawn from %j', (text) => expect(readProtectctl(text).kind).toBe('unreadable'))

test('protectctl: damage never protects', () => {
  for (const text of mutations(INFO.replace('Protected', 'Disconnected'), 10_000)) {
    const fact = readProtectctl(text)
    expect(fact.kind === 'value' && fact.value.protecting === true).toBe(false)
  }
})
