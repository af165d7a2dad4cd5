import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { VERDICTS, type CheckResult, type Standing, type Verdict } from '../../shared/standing.ts'
import { parsePolicy } from '../appraisal/policy.ts'
import { decide, tierOfResource } from './decision.ts'

const policy = parsePolicy(readFileSync(join(import.meta.dirname, '../policy.yaml'), 'utf8'))
const TIME = '2026-11-24T08:00:00.000Z'

const check = (id: CheckResult['id'], verdict: Verdict, more: Partial<CheckResult> = {}): CheckResult => ({
  id,
  title: id,
  verdict,
  since: TIME,
  why: 'it is so',
  mode: 'enforce',
  ...more,
})
const standing = (more: Partial<Standing> = {}): Standing => ({
  deviceId: `dev_${'a'.repeat(43)}`,
  status: 'active',
  tiers: ['public', 'internal'],
  checks: [],
  earStatus: 'affirming',
  evidenceAt: TIME,
  evaluatedAt: TIME,
  nextChange: TIME,
  policyVersion: 1,
  ...more,
})

const patient = parsePolicy(`version: 1
freshness: 15m
tiers: { public: [], internal: { checks: [firewall, disk-encryption], unknown: grace } }
default-tier: internal
`)

test('what cannot be seen, and is forgiven until its deadline, closes nothing and is not named as what does', () => {
  const checks = [check('firewall', 'unknown', { deadline: TIME }), check('disk-encryption', 'fail')]
  expect(decide(standing({ tiers: [], checks }), 'internal', patient).failing).toEqual(['disk-encryption'])
  const late = [check('firewall', 'unknown'), check('disk-encryption', 'pass')]
  expect(decide(standing({ tiers: [], checks: late }), 'internal', patient).failing).toEqual(['firewall'])
})

describe('a decision', () => {
  test.each([
    { name: 'a tier that the device is admitted to', it: standing(), tier: 'internal', allow: true, code: null },
    {
      name: 'a tier that it is not admitted to',
      it: standing(),
      tier: 'confidential',
      allow: false,
      code: 'not-admitted',
    },
    {
      name: 'a tier that the policy does not have',
      it: standing({ tiers: ['secret'] }),
      tier: 'secret',
      allow: false,
      code: 'tier-unknown',
    },
    { name: 'a tier without a name', it: standing(), tier: '', allow: false, code: 'tier-unknown' },
    { name: 'a tier in other letters', it: standing(), tier: 'Internal', allow: false, code: 'tier-unknown' },
    { name: 'a device that nobody knows', it: null, tier: 'public', allow: false, code: 'device-unknown' },
    {
      name: 'a device that is locked out',
      it: standing({ status: 'locked-out' }),
      tier: 'public',
      allow: false,
      code: 'device-locked-out',
    },
    {
      name: 'a device that waits for approval',
      it: standing({ status: 'pending' }),
      tier: 'public',
      allow: false,
      code: 'not-admitted',
    },
    {
      name: 'a device whose identity is in doubt',
      it: standing({ tiers: [] }),
      tier: 'public',
      allow: false,
      code: 'not-admitted',
    },
  ])('about $name: $code', ({ it, tier, allow, code }) => {
    expect(decide(it, tier, policy)).toMatchObject({ allow, code })
  })

  test('that denies tells the person what to do, and the admin which checks', () => {
    const checks = [
      check('os-supported', 'pass'),
      check('disk-encryption', 'fail', { title: 'Disk encryption', why: 'it is off', fix: 'Turn it on.' }),
      check('os-patch', 'unknown', { title: 'Security updates' }),
      check('secure-boot', 'fail'),
      check('firewall', 'grace', { title: 'Firewall', why: 'it is off', deadline: '2026-11-25T09:30:00.000Z' }),
      check('endpoint-protection', 'excepted', { deadline: '2026-11-25T09:30:00.000Z' }),
    ]
    expect(decide(standing({ checks }), 'confidential', policy)).toEqual({
      allow: false,
      code: 'not-admitted',
      failing: ['disk-encryption', 'os-patch'],
      reasonUser:
        'Disk encryption: it is off. Turn it on.\nSecurity updates: it is so.\nFirewall: it is off. It has until 2026-11-25 09:30 UTC.',
      reasonAdmin: 'not admitted to confidential: disk-encryption is fail (it is off); os-patch is unknown (it is so)',
      toMend: [checks[1], checks[2], checks[4]],
    })
  })

  test.each(['fail', 'grace', 'unknown'] as const)('does not ask to mend what is only reported: %s', (verdict) => {
    const reported = check('firewall', verdict, { mode: 'report', deadline: TIME })
    const checks = [reported, check('disk-encryption', 'fail')]
    expect(decide(standing({ tiers: [], checks }), 'confidential', policy).toMend).toEqual([checks[1]])
  })

  test.each(VERDICTS.map((verdict) => ({ verdict, closes: ['fail', 'unknown', 'stale'].includes(verdict) })))(
    'names a check that is $verdict as what closes the tier: $closes',
    ({ verdict, closes }) => {
      const { failing } = decide(standing({ tiers: [], checks: [check('firewall', verdict)] }), 'confidential', policy)
      expect(failing).toEqual(closes ? ['firewall'] : [])
    },
  )

  test('says that the evidence is stale where a check is', () => {
    const checks = [check('os-supported', 'fail'), check('disk-encryption', 'stale')]
    expect(decide(standing({ tiers: ['public'], checks }), 'internal', policy).code).toBe('stale')
    const elsewhere = [check('os-supported', 'fail'), check('secure-boot', 'stale')]
    expect(decide(standing({ tiers: ['public'], checks: elsewhere }), 'internal', policy).code).toBe('not-admitted')
  })

  test('says that the identity is in doubt where every check holds', () => {
    const decision = decide(standing({ tiers: [], checks: [check('firewall', 'pass')] }), 'confidential', policy)
    expect(decision.reasonUser).toBe('The identity of this laptop is in doubt. Ask your admin.')
    expect(decision.reasonAdmin).toBe('not admitted to confidential: the identity of the device is in doubt')
  })
})

describe('the tier that an address needs', () => {
  const mapped = parsePolicy(`
version: 1
freshness: 15m
tiers: { public: [], internal: [], secret: [] }
default-tier: secret
resources:
  - { match: 'wiki.example.com/open/**', tier: public }
  - { match: 'wiki.example.com/*', tier: internal }
  - { match: 'pay.example.com', tier: secret }
  - { match: '*.example.com/**', tier: internal }
  - { match: 'open.example.org/admin/**', tier: secret }
  - { match: 'open.example.org', tier: public }
`)

  test.each([
    { name: 'the first entry that matches', address: 'wiki.example.com/open/a/b', tier: 'public' },
    { name: 'a single star for one part of the path', address: 'wiki.example.com/a', tier: 'internal' },
    { name: 'a later entry where no earlier one matches', address: 'wiki.example.com/a/b', tier: 'internal' },
    { name: 'a host without a path', address: 'pay.example.com', tier: 'secret' },
    { name: 'the root of a host', address: 'pay.example.com/', tier: 'secret' },
    { name: 'the default where nothing matches', address: 'example.org/', tier: 'secret' },
    { name: 'the default for a host that is not below', address: 'example.com/', tier: 'secret' },
    { name: 'the default for a host that only ends like one', address: 'evilexample.com/', tier: 'secret' },
    {
      name: 'the default for an address inside a path',
      address: 'example.org/wiki.example.com/open/a',
      tier: 'secret',
    },
    { name: 'the default for nothing', address: '', tier: 'secret' },
    { name: 'the default for a path alone', address: '/open/a', tier: 'secret' },
    { name: 'an address with a scheme', address: 'https://wiki.example.com/open/a', tier: 'public' },
    { name: 'a scheme in capitals', address: 'HTTPS://wiki.example.com/open/a', tier: 'public' },
    { name: 'a scheme of another kind', address: 'svn+ssh://wiki.example.com/open/a', tier: 'public' },
    { name: 'a host in capitals', address: 'WIKI.Example.COM/open/a', tier: 'public' },
    { name: 'a path in capitals, which is another path', address: 'wiki.example.com/OPEN/a/b', tier: 'internal' },
    { name: 'a port', address: 'wiki.example.com:8443/open/a', tier: 'public' },
    { name: 'a port and no path', address: 'pay.example.com:443', tier: 'secret' },
    { name: 'a dot at the end of the host', address: 'pay.example.com./a', tier: 'secret' },
    { name: 'a dot and a port', address: 'https://PAY.example.com.:443/a', tier: 'secret' },
    { name: 'a user in the address', address: 'https://wiki:x@pay.example.com/a', tier: 'secret' },
    { name: 'a host that hides behind a user', address: 'https://wiki.example.com@example.org/', tier: 'secret' },
    { name: 'a query, which does not count', address: 'pay.example.com/?x=wiki.example.com/open/', tier: 'secret' },
    { name: 'a query right after the host', address: 'pay.example.com?a/b', tier: 'secret' },
    { name: 'a fragment, which does not count', address: 'wiki.example.com/open/a#/b', tier: 'public' },
    { name: 'a stricter entry in other letters', address: 'open.example.org/ADMIN/a', tier: 'secret' },
    { name: 'a line break in the path', address: 'pay.example.com/a\nb', tier: 'secret' },
  ])('is that of $name', ({ address, tier }) => {
    expect(tierOfResource(address, mapped)).toBe(tier)
  })

  test.each([
    ['wiki.example.com/%61dmin/x', 'restricted'],
    ['wiki.example.com/%2561dmin/x', 'restricted'],
    ['wiki.example.com//admin/x', 'restricted'],
    ['wiki.example.com/./admin/x', 'restricted'],
    ['wiki.example.com/public/../admin/x', 'restricted'],
    ['wiki.example.com/public/%2e%2E/admin/x', 'restricted'],
    ['wiki.example.com/public\\..\\admin\\x', 'restricted'],
    ['wiki.example.com/../../admin/x', 'restricted'],
    ['wiki.example.com/admin/../public', 'restricted'],
    ['wiki.example.com/public/..;/admin/x', 'restricted'],
    ['wiki.example.com/public/..;a=b/admin/x', 'restricted'],
    ['wiki.example.com/public/%2e%2e%3b/admin/x', 'restricted'],
    ['wiki.example.com/;a/admin;b/x', 'restricted'],
    ['wiki.example.com/a/..;/admin/b/..;/c', 'restricted'],
    ['wiki.example.com/a/..;/admin/', 'restricted'],
    ['wiki.example.com/public/x#/../../admin/x', 'restricted'],
    ['wiki.example.com/admin/x#/../../public', 'restricted'],
    ['wiki.example.com/public/%23/../../admin/x', 'restricted'],
    ['wiki.example.com/%61dmin/x%3f/../../../public', 'restricted'],
    ['wiki.example.com/%61dmin/%252e%252e/public', 'restricted'],
    ['wiki.example.com/%61dmin/../public', 'restricted'],
    ['wiki.example.com/public//../admin/x', 'restricted'],
    ['wiki.example.com/public/%00/../../admin/x', 'restricted'],
    ['wiki.example.com/b%C3%BCcher/x', 'restricted'],
    ['wiki.example.com/b%25C3%25BCcher/x', 'restricted'],
    ['wiki.example.com/bücher/x', 'restricted'],
    ['wiki.example.com:/admin/x', 'restricted'],
    ['wiki.example.com../admin/x', 'restricted'],
    ['wiki.example.com%2e/admin/x', 'restricted'],
    ['%57iki.example.com/admin/x', 'restricted'],
    ['https://wiki.example.com\\@open.example.com/admin/x', 'internal'],
    ['https://open.example.com\\@wiki.example.com/admin/x', 'restricted'],
    ['https:wiki.example.com/admin/x', 'restricted'],
    ['https:\\\\wiki.example.com\\admin\\x', 'restricted'],
    [' https://wi\tki.example.com/admin/x', 'restricted'],
    ['https://ｗｉｋｉ.example。com/admin/x', 'restricted'],
    ['https://a@b@wiki.example.com/admin/x', 'restricted'],
    ['https://a\n@wiki.example.com/admin/x', 'restricted'],
    ['https://a@b@wiki.example.com:99999/admin/x', 'restricted'],
    ['wiki.example.com/secret#x', 'restricted'],
    ['wiki.example.com/secret%23x', 'restricted'],
    ['wiki.example.com/secret%3fx', 'restricted'],
    ['wiki.example.com/secret;x', 'restricted'],
    ['wiki.example.com/secrets', 'internal'],
    ['wiki.example.com/ADMIN/x', 'restricted'],
    ['wiki.example.com/%41dmin/x', 'restricted'],
    ['wiki.example.com/hr/x', 'restricted'],
    ['wiki.example.com/Hr/x', 'restricted'],
    ['wiki.example.com/HR/x', 'restricted'],
    ['wiki.example.com/open/x', 'public'],
    ['wiki.example.com/OPEN/x', 'internal'],
    ['127.1/x', 'restricted'],
    ['0x7f000001:80/x', 'restricted'],
    ['[0:0:0:0:0:0:0:1]:80/x', 'restricted'],
    ['[::1]/x', 'restricted'],
    ['open.example.com;x/', 'public'],
    [`open.example.com/${'%61'.repeat(600)}`, 'public'],
    [`open.example.com/${'%61'.repeat(700)}`, 'restricted'],
    [`open.example.com/${'a'.repeat(3000)}?${'%61'.repeat(700)}`, 'public'],
    ['wiki.example.com/public/%zz%', 'internal'],
    ['wiki.example.com/public', 'internal'],
    ['wiki.example.com//', 'internal'],
    ['wiki.example.com', 'internal'],
  ])('of %j, however the path is written, is %s', (address, tier) => {
    const admin = parsePolicy(`version: 1
freshness: 15m
tiers: { public: [], internal: [firewall], restricted: [secure-boot] }
resources:
  - { match: 'wiki.example.com/admin/**', tier: restricted }
  - { match: 'wiki.example.com/bücher/**', tier: restricted }
  - { match: 'wiki.example.com/secret', tier: restricted }
  - { match: 'wiki.example.com/HR/**', tier: restricted }
  - { match: 'wiki.example.com/open/**', tier: public }
  - { match: 'wiki.example.com/**', tier: internal }
  - { match: '127.0.0.1/**', tier: restricted }
  - { match: '[::1]/**', tier: restricted }
default-tier: public
`)
    expect(tierOfResource(address, admin)).toBe(tier)
  })

  test('by the default policy is restricted for payroll, and confidential where it says nothing', () => {
    expect(tierOfResource('https://payroll.example.com/a', policy)).toBe('restricted')
    expect(tierOfResource('intranet.example.com', policy)).toBe('internal')
    expect(tierOfResource('example.net', policy)).toBe('confidential')
  })
})
