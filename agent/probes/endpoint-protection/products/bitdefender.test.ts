import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import type { Told } from '../told.ts'
import { readBduitool } from './bitdefender.ts'

const STATUS = `Product version: 7.2.0.1000
Last product update: 2026-11-01 at 10:44:23 GMT+2
New product update available: yes
Engines version: 7.95171
Last security content update: 2026-11-03 at 12:00:00 GMT+2
New security content available: no
Features:
  - Antimalware status: On
  - NetworkMonitor status: Off
`
const GOOD: Told = {
  running: true,
  protecting: true,
  upToDate: true,
  version: '7.2.0.1000',
  definitionsAt: '2026-11-03T10:00:00.000Z',
}
const { running: _, ...NOT_TOLD } = GOOD
const { definitionsAt: _at, ...UNDATED } = GOOD

const cases: readonly { name: string; text: string; expected: Told }[] = [
  { name: 'all is well', text: STATUS, expected: GOOD },
  { name: 'CRLF', text: STATUS.replaceAll('\n', '\r\n'), expected: GOOD },
  {
    name: 'the module is off',
    text: STATUS.replace('Antimalware status: On', 'Antimalware status: Off'),
    expected: {
      ...NOT_TOLD,
      protecting: false,
      healthy: false,
      realTime: false,
      issues: ['its module Antimalware is off'],
    },
  },
  {
    name: 'newer content is on offer',
    text: STATUS.replace('content available: no', 'content available: yes'),
    expected: { ...GOOD, upToDate: false },
  },
  { name: 'never updated', text: STATUS.replace('2026-11-03 at 12:00:00 GMT+2', 'Never'), expected: UNDATED },
  { name: 'a local date without a zone', text: STATUS.replace(/12:00:00 GMT\+2/, '12:00:00'), expected: UNDATED },
  {
    name: 'names of before version 7',
    text: STATUS.replaceAll('security content', 'Antimalware signatures'),
    expected: GOOD,
  },
  {
    name: 'on-access scanning',
    text: `${STATUS}  - OnAccess status: Off\n`,
    expected: { ...GOOD, realTime: false },
  },
  {
    name: 'modules are missing',
    text: STATUS.slice(0, STATUS.indexOf('Features')),
    expected: {
      upToDate: true,
      version: '7.2.0.1000',
      definitionsAt: '2026-11-03T10:00:00.000Z',
    },
  },
]

for (const { name, text, expected } of cases) {
  test(`bduitool: ${name}`, () => {
    expect(readBduitool(text)).toEqual({ kind: 'value', value: { installed: true, ...expected } })
  })
}

test.each(['', 'Permission denied', 'Antimalware status: Ein', 'Features:\n'])(
  'bduitool: nothing is drawn from %j',
  (text) => expect(readBduitool(text).kind).toBe('unreadable'),
)

test('bduitool: damage switches nothing on and updates nothing', () => {
  const bad = STATUS.replaceAll('status: On', 'status: Off').replaceAll('available: no', 'available: yes')
  for (const text of mutations(bad, 10_000)) {
    const fact = readBduitool(text)
    expect(fact.kind === 'value' && (fact.value.protecting === true || fact.value.upToDate === true)).toBe(false)
  }
})
