import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { QUESTIONS } from '../../host/windows/questions.ts'
import { valuesOf } from '../../host/windows/registry.ts'
import { endpointProtection } from './probe.ts'
import { PRODUCTS } from './products/all.ts'

const SERVICES = 'powershell Get-Service'
const DRIVERS = 'powershell Win32_SystemDriver'
const CENTER = 'powershell AntiVirusProduct'
const STATUS = 'powershell Get-MpComputerStatus'
const FALCON_KEY = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\CSAgent\\Sim'
const ONBOARDING = 'HKLM\\SOFTWARE\\Microsoft\\Windows Advanced Threat Protection\\Status'
const HUNTRESS_KEY = 'HKLM\\SOFTWARE\\Huntress Labs\\Huntress'

const json = (it: unknown) => ({ stdout: JSON.stringify(it) })
const running = (Name: string, at: number) => ({ Name, State: 'Running', StartMode: 'Auto', ProcessId: 1000 + at })
const services = (names: string[], stopped: string[] = []) =>
  json([
    ...['EventLog', ...names].map(running),
    ...stopped.map((Name) => ({ Name, State: 'Stopped', StartMode: 'Auto', ProcessId: 0 })),
  ])
const drivers = (...names: string[]) => json(names.map((Name) => ({ Name, State: 'Running', StartMode: 'System' })))
const center = (...entries: [string, number, boolean?][]) =>
  json(entries.map(([displayName, productState, hasProgram = true]) => ({ displayName, productState, hasProgram })))
const status = (changes: object = {}) =>
  json([
    {
      AMRunningMode: 'Normal',
      AMServiceEnabled: true,
      AntivirusEnabled: true,
      RealTimeProtectionEnabled: true,
      IsTamperProtected: true,
      AntivirusSignatureAge: 0,
      AntivirusSignatureLastUpdated: '/Date(1794988800000)/',
      DefenderSignaturesOutOfDate: false,
      ...changes,
    },
  ])

const ON = 0x061100
const OFF = 0x060100
const DEFENDER = {
  [SERVICES]: services(['WinDefend'], ['Sense']),
  [DRIVERS]: json([]),
  [CENTER]: center(['Windows Defender', ON]),
  [STATUS]: status(),
}
const FALCON = {
  [SERVICES]: services(['CSFalconService']),
  [DRIVERS]: drivers('CSAgent'),
  [CENTER]: center(['CrowdStrike Falcon Sensor', ON]),
}
const AID = { [FALCON_KEY]: { AG: '5b0c9d3e7f214a6b9c110d2e4f6a8b13' } }

function pc(it: Partial<Laptop>) {
  return laptop({ platform: 'windows', files: {}, ...it })
}

async function productsOf(it: Partial<Laptop>) {
  const reading = await endpointProtection().probe(pc(it))
  return reading.kind === 'value' ? reading.value.products : reading.kind
}

type Case = { name: string; it: Partial<Laptop>; expected: string[] | string }

const cases: readonly Case[] = [
  {
    name: 'Defender protects, without Defender for Endpoint',
    it: { programs: DEFENDER },
    expected: ['microsoft-defender healthy'],
  },
  {
    name: 'Defender and Defender for Endpoint',
    it: {
      programs: { ...DEFENDER, [SERVICES]: services(['WinDefend', 'Sense']) },
      registry: { [ONBOARDING]: { OnboardingState: 1, OrgId: 'x' } },
    },
    expected: ['microsoft-defender healthy'],
  },
  {
    name: 'onboarded, and the sensor does not run',
    it: { programs: DEFENDER, registry: { [ONBOARDING]: { OnboardingState: 1, OrgId: 'x' } } },
    expected: ['microsoft-defender degraded'],
  },
  {
    name: 'Defender is passive beside another',
    it: {
      programs: {
        ...DEFENDER,
        [CENTER]: center(['Windows Defender', OFF], ['Example Antivirus', 0x041000]),
        [STATUS]: status({ AMRunningMode: 'Passive Mode' }),
      },
    },
    expected: ['microsoft-defender degraded', 'example-antivirus unknown'],
  },
  {
    name: 'EDR in block mode is passive where Security Center lists another as on',
    it: {
      programs: {
        ...DEFENDER,
        [CENTER]: center(['Windows Defender', OFF]),
        [STATUS]: status({ AMRunningMode: 'EDR Block Mode' }),
      },
    },
    expected: ['microsoft-defender unknown'],
  },
  {
    name: 'EDR in block mode with Defender as the antivirus',
    it: { programs: { ...DEFENDER, [STATUS]: status({ AMRunningMode: 'EDR Block Mode' }) } },
    expected: ['microsoft-defender healthy'],
  },
  {
    name: 'Defender is stopped',
    it: { programs: { ...DEFENDER, [SERVICES]: services([], ['WinDefend']) } },
    expected: ['microsoft-defender off'],
  },
  {
    name: 'Defender does not answer, and Security Center alone is not enough',
    it: { programs: { ...DEFENDER, [STATUS]: { exitCode: 1, stderr: 'HRESULT 0x800106ba' } } },
    expected: ['microsoft-defender unknown'],
  },
  {
    name: 'a server without Security Center',
    it: { programs: { ...DEFENDER, [CENTER]: { exitCode: 1, stderr: 'HRESULT 0x8004100e,x' } } },
    expected: ['microsoft-defender healthy'],
  },
  { name: 'Falcon is registered', it: { programs: FALCON, registry: AID }, expected: ['crowdstrike-falcon healthy'] },
  {
    name: 'Falcon is not registered',
    it: { programs: FALCON, registry: { [FALCON_KEY]: { AG: '0'.repeat(32) } } },
    expected: ['crowdstrike-falcon degraded'],
  },
  { name: 'the key of Falcon is not there', it: { programs: FALCON }, expected: ['crowdstrike-falcon unknown'] },
  {
    name: 'the driver of Falcon is not loaded',
    it: { programs: { ...FALCON, [DRIVERS]: json([]) }, registry: AID },
    expected: ['crowdstrike-falcon off'],
  },
  {
    name: 'drivers cannot be listed',
    it: { programs: { ...FALCON, [DRIVERS]: { exitCode: 1 } }, registry: AID },
    expected: ['crowdstrike-falcon unknown'],
  },
  {
    name: 'Falcon is off by Security Center',
    it: { programs: { ...FALCON, [CENTER]: center(['CrowdStrike Falcon Sensor', 0x040000]) }, registry: AID },
    expected: ['crowdstrike-falcon degraded'],
  },
  {
    name: 'Huntress with all its parts',
    it: {
      programs: {
        [SERVICES]: services(['HuntressAgent', 'HuntressUpdater', 'HuntressRio']),
        [DRIVERS]: json([]),
        [CENTER]: json([]),
      },
      registry: { [HUNTRESS_KEY]: { AgentId: 7 } },
    },
    expected: ['huntress healthy'],
  },
  {
    name: 'Huntress without its EDR part',
    it: {
      programs: { [SERVICES]: services(['HuntressAgent', 'HuntressUpdater']), [DRIVERS]: json([]), [CENTER]: json([]) },
      registry: { [HUNTRESS_KEY]: { AgentId: 7 } },
    },
    expected: ['huntress degraded'],
  },
  {
    name: 'a product that was uninstalled and left its entry',
    it: {
      programs: {
        [SERVICES]: services([]),
        [DRIVERS]: json([]),
        [CENTER]: center(['CrowdStrike Falcon Sensor', ON, false], ['Gone', ON, false]),
      },
    },
    expected: [],
  },
  {
    name: 'an entry whose services nobody knows',
    it: {
      programs: { [SERVICES]: services([]), [DRIVERS]: json([]), [CENTER]: center(['CrowdStrike Falcon Sensor', ON]) },
    },
    expected: ['crowdstrike-falcon unknown'],
  },
  {
    name: 'services cannot be listed',
    it: { programs: { [CENTER]: center(['Windows Defender', ON]), [STATUS]: status() } },
    expected: ['microsoft-defender unknown'],
  },
  { name: 'nothing at all can be read', it: {}, expected: 'unreadable' },
  {
    name: 'an empty Security Center, and no services to look at',
    it: { programs: { [CENTER]: json([]) } },
    expected: 'unreadable',
  },
]

for (const { name, it, expected } of cases) {
  test(`windows: ${name}`, async () => {
    const products = await productsOf(it)
    expect(Array.isArray(products) ? products.map(({ product, state }) => `${product} ${state}`) : products).toEqual(
      expected,
    )
  })
}

test('windows: a healthy Defender says that it is an antivirus only, and how old its definitions are', async () => {
  expect(await productsOf({ programs: DEFENDER })).toMatchObject([
    {
      reasons: ['antivirus only: not onboarded to Defender for Endpoint'],
      realTime: true,
      tamperProtection: true,
      definitionsAt: '2026-11-18T08:00:00.000Z',
    },
  ])
})

test('windows: SentinelOne needs its own tool, and that the rights of the system', async () => {
  const programs = {
    [SERVICES]: services(['SentinelAgent']),
    [DRIVERS]: drivers('SentinelMonitor'),
    [CENTER]: center(['Sentinel Agent', ON]),
    'sentinelctl status': {
      stdout:
        'Disable State: Not disabled by the user\nSentinelMonitor is loaded\nSelf-Protection status: On\nSentinelAgent is loaded\nMitigation policy: quarantineThreat\n',
    },
  }
  expect(await productsOf({ programs })).toMatchObject([{ product: 'sentinelone', state: 'healthy', realTime: true }])
  expect(await productsOf({ programs, privileged: false })).toMatchObject([
    { state: 'unknown', reasons: ['running, protection unverified', 'sentinelctl needs root'] },
  ])
})

test('windows: the watch looks after the processes of services', async () => {
  const { probe, fingerprint } = endpointProtection()
  const on = pc({ programs: DEFENDER, alive: [1001] })
  const before = await fingerprint(on)
  await probe(on)
  const started = on.ran.length
  expect(await fingerprint(on)).toBe(before)
  expect(await fingerprint(pc({ alive: [] }))).not.toBe(before)
  expect(on.ran.length).toBe(started)
})

test('what the catalogue needs of Windows may be asked', () => {
  const all = PRODUCTS.flatMap(({ windows }) => windows ?? [])
  const asks = all.flatMap((it) => it.asks)
  const keys = asks.flatMap((ask) => ('registry' in ask ? ask.registry : []))
  expect(keys.filter((key) => valuesOf(key) === undefined)).toEqual([])
  const questions = asks.flatMap((ask) => ('program' in ask && ask.program === 'powershell' ? ask.args : []))
  expect(questions.filter((name) => !Object.hasOwn(QUESTIONS, name))).toEqual([])
  const driverNames = all.flatMap(({ drivers: names }) => names ?? [])
  expect(driverNames.filter((name) => !QUESTIONS.Win32_SystemDriver.script.includes(`'${name}'`))).toEqual([])
})
