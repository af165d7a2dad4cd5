import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { endpointProtection } from './probe.ts'

const PS = 'ps -axww -o pid= -o uid= -o state= -o comm='
const LIST = 'systemextensionsctl list'
const FALCON = 'com.crowdstrike.falcon.Agent'
const SENSOR = `/Library/SystemExtensions/0A1B/${FALCON}.systemextension/Contents/MacOS/${FALCON}`

const extensions = (state = 'activated enabled', teamId = 'X9E956P446', bundleId = FALCON) => ({
  stdout: [
    '1 extension(s)',
    '--- com.apple.system_extension.endpoint_security',
    'enabled\tactive\tteamID\tbundleID (version)\tname\t[state]',
    `*\t*\t${teamId}\t${bundleId} (7.21/190.1)\tAn extension\t[${state}]`,
    '',
  ].join('\n'),
})
const NO_EXTENSIONS = { stdout: '0 extension(s)\n' }
const processes = (...paths: string[]) => ({
  stdout: ['/sbin/launchd', ...paths].map((path, at) => `${at * 300 + 1} 0 Ss ${path}\n`).join(''),
})
const STATS = {
  stdout:
    '=== agent_info ===\nversion: 7.21.1.0\nagentID: 5B0C9D3E-7F21-4A6B-9C11-0D2E4F6A8B13\nSensor operational: true\n\n=== CloudInfo ===\nCloud Info\nState: connected\n',
}
const APP = { '/Applications/Falcon.app/Contents/Info.plist': '' }

function mac(it: Partial<Laptop>) {
  return laptop({ platform: 'macos', files: {}, ...it })
}

async function states(it: Partial<Laptop>) {
  const reading = await endpointProtection().probe(mac(it))
  return reading.kind === 'value'
    ? reading.value.products.map(({ product, state }) => `${product} ${state}`)
    : reading.kind
}

const GOOD = { [LIST]: extensions(), [PS]: processes(SENSOR), 'falconctl stats': STATS }

const cases: readonly { name: string; it: Partial<Laptop>; expected: string[] | string }[] = [
  { name: 'runs, registered, connected', it: { programs: GOOD }, expected: ['crowdstrike-falcon healthy'] },
  { name: 'without root', it: { programs: GOOD, privileged: false }, expected: ['crowdstrike-falcon unknown'] },
  {
    name: 'falconctl does not answer',
    it: { programs: { ...GOOD, 'falconctl stats': { exitCode: 1 } } },
    expected: ['crowdstrike-falcon unknown'],
  },
  {
    name: 'falconctl says that it is not loaded',
    it: { programs: { ...GOOD, 'falconctl stats': { exitCode: 1, stderr: 'Error: The sensor has not loaded.\n' } } },
    expected: ['crowdstrike-falcon off'],
  },
  {
    name: 'waits for the user',
    it: { programs: { ...GOOD, [LIST]: extensions('activated waiting for user') } },
    expected: ['crowdstrike-falcon off'],
  },
  {
    name: 'its process is gone',
    it: { programs: { ...GOOD, [PS]: processes('/usr/libexec/hidd') } },
    expected: ['crowdstrike-falcon off'],
  },
  {
    name: 'a process of that name elsewhere',
    it: { programs: { ...GOOD, [PS]: processes(`/Users/alice/${FALCON}.systemextension/${FALCON}`) } },
    expected: ['crowdstrike-falcon off'],
  },
  {
    name: 'a process of a user that says it is the extension',
    it: { programs: { ...GOOD, [PS]: { stdout: `1 0 Ss /sbin/launchd\n301 501 S ${SENSOR}\n` } } },
    expected: ['crowdstrike-falcon off'],
  },
  {
    name: 'the extension of somebody else under that name',
    it: { programs: { ...GOOD, [LIST]: extensions('activated enabled', 'ABCDE12345') } },
    expected: [],
  },
  {
    name: 'the application without its extension',
    it: { files: APP, programs: { ...GOOD, [LIST]: NO_EXTENSIONS } },
    expected: ['crowdstrike-falcon off'],
  },
  {
    name: 'processes cannot be listed',
    it: { programs: { [LIST]: extensions() } },
    expected: ['crowdstrike-falcon unknown'],
  },
  {
    name: 'extensions cannot be listed',
    it: { files: APP, programs: { [PS]: processes(SENSOR) } },
    expected: ['crowdstrike-falcon unknown'],
  },
  { name: 'nothing is installed', it: { programs: { [LIST]: NO_EXTENSIONS, [PS]: processes() } }, expected: [] },
  { name: 'nothing can be looked at', it: { denied: ['/Applications', '/Library'] }, expected: 'unreadable' },
]

for (const { name, it, expected } of cases) {
  test(`macos: ${name}`, async () => {
    expect(await states(it)).toEqual(expected)
  })
}

test('macos: nothing found while extensions cannot be listed is no empty list', async () => {
  expect(await states({ programs: { [PS]: processes() } })).toBe('unreadable')
})

test('macos: Huntress is as healthy as its extension says', async () => {
  const bundleId = 'com.huntress.sysext'
  const status = {
    stdout: 'Extension Status: installed\nFull Disk Access for Extension: enabled\nEDR: enabled\n',
  }
  const path = `/Library/SystemExtensions/0A1B/${bundleId}.systemextension/Contents/MacOS/${bundleId}`
  const programs = {
    [LIST]: extensions('activated enabled', '7W6HQ9J9XA', bundleId),
    [PS]: processes(path),
    'huntress extensionctl status': status,
  }
  expect(await states({ programs, privileged: false })).toEqual(['huntress healthy'])
})

test('macos: the watch looks after what the last reading saw, and starts nothing', async () => {
  const { probe, fingerprint } = endpointProtection()
  const on = mac({ programs: GOOD, alive: [301] })
  const before = await fingerprint(on)
  await probe(on)
  const started = on.ran.length
  expect(await fingerprint(on)).toBe(before)
  const stopped = await fingerprint(mac({ alive: [] }))
  expect(stopped).not.toBe(before)
  expect(on.ran.length).toBe(started)
})
