import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readOstreeStatus } from './ostree-status.ts'
import { osUpdates } from './probe.ts'

const booted = { id: 'fedora-1.0', booted: true, staged: false, version: '42.20261101.0', timestamp: 1793500000 }
const waiting = { id: 'fedora-2.0', booted: false, staged: true, version: '42.20261118.0' }
const update = {
  version: '42.20261118.0',
  advisories: [
    ['FEDORA-2026-1', 1, 3, ['openssl-libs-1:3.2.4-2.fc42.x86_64', 'openssl-1:3.2.4-2.fc42.x86_64'], {}],
    ['FEDORA-2026-2', 1, 2, ['openssl-1:3.2.4-3.fc42.x86_64'], {}],
    ['FEDORA-2026-3', 2, 0, ['bash-5.2.37-3.fc42.x86_64'], {}],
  ],
  'rpm-diff': {
    upgraded: [
      ['openssl', {}, {}],
      ['openssl-libs', {}, {}],
      ['bash', {}, {}],
    ],
  },
}
const status = (deployments: readonly object[], cached: object | null) =>
  JSON.stringify({ deployments, transaction: null, 'cached-update': cached })
const FOUND = status([booted], update)

const cases: readonly {
  name: string
  stdout: string
  update: [number | null, number | null] | null
  restart: boolean
}[] = [
  { name: 'an update was found', stdout: FOUND, update: [2, 3], restart: false },
  { name: 'nobody looked, or nothing was found', stdout: status([booted], null), update: null, restart: false },
  { name: 'no word of updates', stdout: JSON.stringify({ deployments: [booted] }), update: null, restart: false },
  { name: 'one waits for a restart', stdout: status([waiting, booted], null), update: null, restart: true },
  {
    name: 'one of an old version, without a mark',
    stdout: status([{ id: 'x' }, booted], null),
    update: null,
    restart: true,
  },
  {
    name: 'the one before is kept',
    stdout: status([booted, { id: 'x', booted: false }], null),
    update: null,
    restart: false,
  },
  { name: 'without advisories', stdout: status([booted], { version: '1' }), update: [null, null], restart: false },
  { name: 'no advisory at all', stdout: status([booted], { advisories: [] }), update: [null, null], restart: false },
  {
    name: 'advisories, none for security',
    stdout: status([booted], { advisories: [['A', 2, 0, ['a-1-1.x86_64'], {}]] }),
    update: [0, null],
    restart: false,
  },
]

for (const { name, stdout, update: expected, restart } of cases) {
  test(`rpm-ostree status: ${name}`, () => {
    const fact = readOstreeStatus(stdout)
    expect(
      fact.kind === 'value' && {
        restart: fact.value.rebootRequired,
        update: fact.value.update && [
          fact.value.update.security?.size ?? null,
          fact.value.update.pending?.size ?? null,
        ],
      },
    ).toEqual({ restart, update: expected })
  })
}

for (const stdout of [
  '',
  '{}',
  '[]',
  FOUND.slice(0, -1),
  '{"deployments":[]}',
  status([waiting], null),
  'State: idle\nDeployments:\n',
]) {
  test(`rpm-ostree status: nothing is drawn from ${JSON.stringify(stdout.slice(0, 40))}`, () => {
    expect(readOstreeStatus(stdout).kind).toBe('unreadable')
  })
}

const STATUS = 'rpm-ostree status --json'
const silverblue = {
  '/etc/os-release': 'ID=fedora\nVARIANT_ID=silverblue\n',
  '/run/ostree-booted': '',
  '/ostree/deploy/fedora/x': '',
}
const gv = '/var/cache/rpm-ostree/cached-update.gv'

const machines: readonly ({ name: string; security: number | null; restart: boolean | null } & Laptop)[] = [
  {
    name: 'an update was found',
    security: 2,
    restart: false,
    files: { ...silverblue, [gv]: '' },
    programs: { [STATUS]: { stdout: FOUND } },
  },
  {
    name: 'nobody knows',
    security: null,
    restart: false,
    files: silverblue,
    programs: { [STATUS]: { stdout: status([booted], null) } },
  },
  {
    name: 'an error',
    security: null,
    restart: null,
    files: silverblue,
    programs: { [STATUS]: { stdout: FOUND, exitCode: 1 } },
  },
  { name: 'no rpm-ostree', security: null, restart: null, files: silverblue },
]

for (const { name, security, restart, ...machine } of machines) {
  test(`rpm-ostree: ${name}`, async () => {
    expect(await osUpdates().probe(laptop(machine))).toMatchObject({
      kind: 'value',
      value: { pendingSecurity: security, rebootRequired: restart },
    })
  })
}

test('rpm-ostree is asked again only when a deployment or an update came', async () => {
  const probe = osUpdates().probe
  const machine = { files: { ...silverblue, [gv]: '' }, programs: { [STATUS]: { stdout: FOUND } } }
  const hosts = [laptop(machine), laptop(machine), laptop({ ...machine, times: { [gv]: '2026-11-19T00:00:00Z' } })]
  for (const host of hosts) await probe(host)
  expect(hosts.map((host) => host.ran.includes(STATUS))).toEqual([true, false, true])
})

test('damage never throws, and never hides that an update was found', () => {
  for (const stdout of mutations(FOUND, 10_000)) {
    const fact = readOstreeStatus(stdout)
    const isNone = fact.kind === 'value' && fact.value.update?.security?.size === 0
    expect(isNone && stdout.includes('"FEDORA-2026-1",1,')).toBe(false)
  }
})
