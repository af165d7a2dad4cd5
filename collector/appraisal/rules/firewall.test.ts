import { expect, test } from 'vitest'
import { judge } from '../../../test/fakes/rule.ts'
import { firewall } from './firewall.ts'

test.each([
  { name: 'on', value: { enabled: true }, verdict: 'pass', code: 2, why: 'the firewall is on' },
  {
    name: 'on with every profile',
    value: { enabled: true, profiles: { domain: true, public: true } },
    verdict: 'pass',
    code: 2,
    why: 'the firewall is on',
  },
  { name: 'off', value: { enabled: false }, verdict: 'fail', code: 32, why: 'the firewall is off' },
  {
    name: 'on but for two profiles',
    value: { enabled: true, profiles: { domain: false, private: true, public: false } },
    verdict: 'fail',
    code: 32,
    why: 'the firewall is off for: domain, public',
  },
  {
    name: 'off although every profile is on',
    value: { enabled: false, profiles: { public: true } },
    verdict: 'fail',
    code: 32,
    why: 'the firewall is off',
  },
])('a firewall that is $name: $verdict', ({ value, verdict, code, why }) => {
  expect(judge(firewall, value)).toMatchObject({ verdict, code, why })
})

test('says no more than a result holds, however many profiles are off', () => {
  const profiles = Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`${at}`.padEnd(60, 'x'), false]))
  expect(judge(firewall, { enabled: true, profiles }).why).toHaveLength(400)
})

test.each([
  { platform: 'windows', fix: 'Windows Security' },
  { platform: 'macos', fix: 'system settings' },
  { platform: 'linux', fix: 'ufw' },
] as const)('the fix is that of the system: $platform', ({ platform, fix }) => {
  expect(judge(firewall, { enabled: false }, {}, { platform }).fix).toContain(fix)
})
