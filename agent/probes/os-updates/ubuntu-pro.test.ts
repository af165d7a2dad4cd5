import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readPro, type ProAnswer } from './ubuntu-pro.ts'

const fix = (name: string, service: string, status = 'upgrade_available') => ({
  package: name,
  service_name: service,
  status,
  version: '2',
})
const summary = {
  num_standard_security_updates: 2,
  num_esm_infra_updates: 0,
  num_esm_apps_updates: 1,
  reboot_required: 'no',
}
const status = (it: object, packages?: object[]) =>
  JSON.stringify({ _schema_version: '0.1', ...(packages && { packages }), summary: it })
const api = (attributes: object, result = 'success') =>
  JSON.stringify({ _schema_version: 'v1', data: { attributes, meta: {}, type: 'X' }, errors: [], result, warnings: [] })

const FIXES = status(summary, [
  fix('curl', 'standard-security'),
  fix('dpkg', 'standard-security', 'upgrade_available_not_preferred'),
  fix('vim', 'esm-apps', 'pending_attach'),
])

const cases: readonly { name: string; stdout: string; answer: Partial<ProAnswer> }[] = [
  {
    name: 'a fix of Pro without a subscription does not count',
    stdout: FIXES,
    answer: { pendingSecurity: 2, names: ['curl', 'dpkg'], rebootRequired: false },
  },
  { name: 'and with one it does', stdout: status(summary, [fix('vim', 'esm-apps')]), answer: { pendingSecurity: 3 } },
  {
    name: 'by the summary alone',
    stdout: status({ ...summary, ua: { enabled_services: ['esm-apps'] } }),
    answer: { pendingSecurity: 3, names: [] },
  },
  {
    name: 'patched while it runs',
    stdout: status({ ...summary, reboot_required: 'yes-kernel-livepatches-applied' }),
    answer: { rebootRequired: true },
  },
  { name: 'a warning before it', stdout: `WARNING: x\n${FIXES}`, answer: { pendingSecurity: 2 } },
  {
    name: 'the updates of the interface',
    stdout: api({
      summary: { num_standard_security_updates: 1 },
      updates: [
        { package: 'curl', provided_by: 'standard-security', status: 'upgrade_available' },
        { package: 'curl', provided_by: 'standard-updates', status: 'upgrade_available' },
      ],
    }),
    answer: { pendingSecurity: 1, names: ['curl'], rebootRequired: null },
  },
  {
    name: 'the restart of the interface',
    stdout: api({ reboot_required: 'yes' }),
    answer: { pendingSecurity: null, rebootRequired: true },
  },
  { name: 'a word nobody knows', stdout: api({ reboot_required: 'vielleicht' }), answer: { rebootRequired: null } },
  {
    name: 'something else of the interface',
    stdout: api({ is_attached: false }),
    answer: { pendingSecurity: null, names: [], rebootRequired: null },
  },
  {
    name: 'a summary that does not count',
    stdout: status({ num_installed_packages: 9 }),
    answer: { pendingSecurity: null },
  },
]

for (const { name, stdout, answer } of cases) {
  test(`pro: ${name}`, () => {
    expect(readPro(stdout)).toMatchObject({ kind: 'value', value: answer })
  })
}

const meaningless = [
  '',
  '{}',
  '[]',
  FIXES.slice(0, -1),
  api({}, 'failure'),
  'Traceback (most recent call last):\n  {x}\n',
  JSON.stringify({ services: [], result: 'failure' }),
]
for (const stdout of meaningless) {
  test(`pro: nothing is drawn from ${JSON.stringify(stdout.slice(0, 40))}`, () => {
    expect(readPro(stdout).kind).toBe('unreadable')
  })
}

test('damage never throws, and never makes none of some, nor a restart needless', () => {
  for (const stdout of mutations(FIXES, 10_000)) {
    const fact = readPro(stdout)
    const isNone = fact.kind === 'value' && fact.value.pendingSecurity === 0
    expect(isNone && stdout.includes('"num_standard_security_updates":2')).toBe(false)
  }
  for (const stdout of mutations(api({ reboot_required: 'yes' }), 10_000)) {
    const fact = readPro(stdout)
    expect(fact.kind === 'value' && fact.value.rebootRequired === false).toBe(false)
  }
})
