import { expect, test } from 'vitest'
import { parserOf } from './schema.ts'
import { CHECKS, CHECK_IDS, Standing, VERDICTS, type CheckResult } from './standing.ts'

const parse = parserOf(Standing)
const time = '2026-11-24T08:00:00.000Z'
const check: CheckResult = {
  id: 'firewall',
  title: 'Firewall',
  verdict: 'pass',
  since: time,
  why: 'it is on',
  mode: 'enforce',
}
const standing: Standing = {
  deviceId: `dev_${'a'.repeat(43)}`,
  status: 'active',
  tiers: ['public'],
  checks: [check],
  earStatus: 'affirming',
  evidenceAt: time,
  evaluatedAt: time,
  nextChange: time,
  policyVersion: 1,
}

test('every check has a title that fits a result', () => {
  for (const id of CHECK_IDS) {
    expect(parse({ ...standing, checks: [{ ...check, id, title: CHECKS[id].title }] }).ok).toBe(true)
  }
})

test.each(VERDICTS)('the verdict %s is admitted', (verdict) => {
  expect(parse({ ...standing, checks: [{ ...check, verdict, deadline: time, fix: 'Turn it on.' }] }).ok).toBe(true)
})

test('a device that never reported has no evidence time and no next change', () => {
  expect(parse({ ...standing, evidenceAt: null, nextChange: null }).ok).toBe(true)
})

test.each([
  { name: 'a verdict that is not one', it: { ...standing, checks: [{ ...check, verdict: 'ok' }] } },
  { name: 'a status that is not one', it: { ...standing, status: 'trusted' } },
  { name: 'an EAR status that is not one', it: { ...standing, earStatus: 'good' } },
  { name: 'a time in another zone', it: { ...standing, evaluatedAt: '2026-11-24T09:00:00+01:00' } },
  { name: 'a key that is not known', it: { ...standing, admitted: true } },
])('$name is refused', ({ it }) => {
  expect(parse(it).ok).toBe(false)
})

test('a newer collector may name a check that is not known here', () => {
  expect(parse({ ...standing, checks: [{ ...check, id: 'antivirus' }] }).ok).toBe(true)
})
