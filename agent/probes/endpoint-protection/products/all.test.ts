import { expect, test } from 'vitest'
import { laptop, NOW, type Laptop } from '../../../../test/fakes/laptop.ts'
import { endpointProtection } from '../probe.ts'
import { PRODUCTS } from './all.ts'

type Programs = NonNullable<Laptop['programs']>

async function states(it: Laptop): Promise<string[] | string> {
  const reading = await endpointProtection().probe(laptop(it))
  return reading.kind === 'value'
    ? reading.value.products.map(({ product, state }) => `${product} ${state}`)
    : reading.kind
}

const says = (stdout: string) => ({ stdout })

const REPCLI = (state = 'Enabled') =>
  says(`General Info:\n  Sensor Version: 3.8.1.4\nSensor State:\n  State: ${state}\nCloud Status:\n  Registered: Yes\n`)
const CYTOOL = (dypd = 'Running') =>
  says(`Name  PID  User  Status\npmd  7  root  Running\ndypd  8  root  ${dypd}\nclad  9  root  Running\n`)
const CYTOOL_MAC = (authorized = 'Running') =>
  says(`Name  PID  User  Status\npmd  7  root  Running\nauthorized  8  _x  ${authorized}\n`)
const ELASTIC = (endpoint = 2) =>
  says(
    JSON.stringify({
      info: { id: '0f0e0d0c-1111-4222-8333-444455556666', version: '9.1.0', is_managed: true },
      state: endpoint,
      components: [{ name: 'endpoint', state: endpoint, units: [] }],
      FleetState: 2,
    }),
  )
const WAZUH = (status = 'connected') => `status='${status}'\n`
const ESET_TOLD = (status = 'Activated') => ({
  'eset-lic --status': says(`Product name: ESET Endpoint Antivirus\nStatus: ${status}\n`),
  'eset-upd --list-modules': says('EM002\t 31832 (20261119)\tDetection engine\n'),
})
const SOPHOS = (health = 1) =>
  `<?xml version="1.0"?><health version="3.0.0"><item name="health" value="${health}" /></health>`
const BITDEFENDER = (antimalware = 'On') =>
  says(`Product version: 7.2.0\nNew security content available: no\n  - Antimalware status: ${antimalware}\n`)
const DSA = {
  'dsa_query -c GetAgentStatus': says('AgentStatus.agentState: green\n'),
  'dsa_query -c GetComponentInfo': says('Component.AM.mode: on\n'),
}
const JAMF = (status = 'Protected') => says(`Status: ${status}\nTenant: acme\nVersion: 6.2.0.4\n`)

const GROUP = '/sys/fs/cgroup'

/** A Linux with files, of which each unit runs with one process of that name. */
function linux(files: Record<string, string>, units: Record<string, string>, programs: Programs = {}): Laptop {
  const groups = Object.entries(units).flatMap(([unit, name], at) => [
    [`${GROUP}/system.slice/${unit}/cgroup.procs`, `${700 + at}\n`],
    [`/proc/${700 + at}/status`, `Name:\t${name.slice(0, 15)}\nState:\tS (sleeping)\n`],
  ])
  const systemd = { [`${GROUP}/system.slice/cgroup.procs`]: '' }
  return {
    files: {
      ...systemd,
      ...files,
      ...Object.fromEntries<string>(groups.map(([path = '', text = '']) => [path, text])),
    },
    programs,
    times: Object.fromEntries(Object.keys(files).map((path) => [path, NOW])),
  }
}

const STATE_FILE = '/var/ossec/var/run/wazuh-agentd.state'
const STATUS_FILE = '/opt/sophos-spl/base/mcs/status/SHS_status.xml'

type Machine = Parameters<typeof linux>
const onLinux: readonly { id: string; good: Machine; bad: Machine }[] = [
  {
    id: 'sophos',
    good: [{ [STATUS_FILE]: SOPHOS() }, { 'sophos-spl.service': 'sophos_threat_detector' }],
    bad: [{ [STATUS_FILE]: SOPHOS(3) }, { 'sophos-spl.service': 'sophos_threat_detector' }],
  },
  {
    id: 'carbon-black',
    good: [
      { '/opt/carbonblack/psc/bin/repcli': '' },
      { 'cbagentd.service': 'cbagentd' },
      { 'repcli status': REPCLI() },
    ],
    bad: [
      { '/opt/carbonblack/psc/bin/repcli': '' },
      { 'cbagentd.service': 'cbagentd' },
      { 'repcli status': REPCLI('Bypass') },
    ],
  },
  {
    id: 'cortex-xdr',
    good: [{ '/opt/traps/bin/cytool': '' }, { 'traps_pmd.service': 'pmd' }, { 'cytool runtime query': CYTOOL() }],
    bad: [
      { '/opt/traps/bin/cytool': '' },
      { 'traps_pmd.service': 'pmd' },
      { 'cytool runtime query': CYTOOL('Stopped') },
    ],
  },
  {
    id: 'elastic-defend',
    good: [
      { '/opt/Elastic/Endpoint/elastic-endpoint': '' },
      { 'ElasticEndpoint.service': 'elastic-endpoint' },
      { 'elastic-agent status --output=json': ELASTIC() },
    ],
    bad: [
      { '/opt/Elastic/Endpoint/elastic-endpoint': '' },
      { 'ElasticEndpoint.service': 'elastic-endpoint' },
      { 'elastic-agent status --output=json': { ...ELASTIC(3), exitCode: 1 } },
    ],
  },
  {
    id: 'wazuh',
    good: [{ '/var/ossec/bin/wazuh-agentd': '', [STATE_FILE]: WAZUH() }, { 'wazuh-agent.service': 'wazuh-agentd' }],
    bad: [
      { '/var/ossec/bin/wazuh-agentd': '', [STATE_FILE]: WAZUH('disconnected') },
      { 'wazuh-agent.service': 'wazuh-agentd' },
    ],
  },
  {
    id: 'eset',
    good: [{ '/opt/eset/eea/bin/upd': '' }, { 'eea.service': 'oaeventd' }, ESET_TOLD()],
    bad: [{ '/opt/eset/eea/bin/upd': '' }, { 'eea.service': 'oaeventd' }, ESET_TOLD('Expired')],
  },
  {
    id: 'trend-micro',
    good: [{ '/opt/ds_agent/dsa_query': '' }, { 'ds_agent.service': 'ds_agent' }, DSA],
    bad: [
      { '/opt/ds_agent/dsa_query': '' },
      { 'ds_agent.service': 'ds_agent' },
      { ...DSA, 'dsa_query -c GetComponentInfo': says('Component.AM.mode: off\n') },
    ],
  },
  {
    id: 'bitdefender',
    good: [
      { '/opt/bitdefender-security-tools/bin/bduitool': '' },
      { 'bdsec-daemon.service': 'bdsecd' },
      { 'bduitool get ps': BITDEFENDER() },
    ],
    bad: [
      { '/opt/bitdefender-security-tools/bin/bduitool': '' },
      { 'bdsec-daemon.service': 'bdsecd' },
      { 'bduitool get ps': BITDEFENDER('Off') },
    ],
  },
  {
    id: 'clamav',
    good: [
      { '/usr/lib/systemd/system/clamav-daemon.service': '' },
      { 'clamav-daemon.service': 'clamd', 'clamav-clamonacc.service': 'clamonacc' },
      { 'clamscan --version': says('ClamAV 1.4.2/27800/Tue Nov  3 09:35:02 2026\n') },
    ],
    bad: [
      { '/etc/clamd.d/scan.conf': '' },
      { 'clamd@scan.service': 'clamd' },
      { 'clamscan --version': says('ClamAV 1.4.2/27800/Tue Nov  3 09:35:02 2026\n') },
    ],
  },
]

for (const { id, good, bad } of onLinux) {
  test(`linux: ${id} that is well, that has stopped, of which something is wrong, and of which nothing is told`, async () => {
    const [files, units] = good
    expect(await states(linux(...good))).toEqual([`${id} healthy`])
    expect(await states(linux(files, {}, good[2]))).toEqual([`${id} off`])
    expect(await states(linux(...bad))).toEqual([`${id} degraded`])
    // Without root, and with none of its tools: what it says of itself stays unknown.
    const untold = { ...linux(files, units), privileged: false }
    expect(await states(untold)).toEqual([`${id} unknown`])
  })
}

test('linux: a state that is an hour old does not count', async () => {
  const it = linux(...(onLinux.find(({ id }) => id === 'wazuh') ?? { good: [{}, {}] as Machine }).good)
  expect(await states({ ...it, times: { [STATE_FILE]: '2026-11-20T11:00:00Z' } })).toEqual(['wazuh unknown'])
})

const LIST = 'systemextensionsctl list'
const PS = 'ps -axww -o pid= -o uid= -o state= -o comm='
const xprotect = '/Library/Apple/System/Library/CoreServices/XProtect.bundle/Contents/Info.plist'

/** A Mac with an extension (its bundle and team) or a process. */
function mac(
  it: { extension?: [string, string]; process?: string; state?: string },
  more: Partial<Laptop> = {},
): Laptop {
  const { extension: [bundleId, teamId] = [], process, state = 'activated enabled' } = it
  const row = bundleId === undefined ? '' : `*\t*\t${teamId}\t${bundleId} (1.0/1)\tIt\t[${state}]\n`
  const path = process ?? `/Library/SystemExtensions/0A/${bundleId}.systemextension/Contents/MacOS/${bundleId}`
  const list = `${row === '' ? 0 : 1} extension(s)\n--- com.apple.system_extension.endpoint_security\n${row}`
  return {
    platform: 'macos',
    files: {},
    ...more,
    programs: { [LIST]: says(list), [PS]: says(`1 0 Ss /sbin/launchd\n300 0 S ${path}\n`), ...more.programs },
  }
}

const WAZUH_MAC = '/Library/Ossec/var/run/wazuh-agentd.state'
const wazuhFiles = (state: string): Partial<Laptop> => ({
  files: { '/Library/Ossec/bin/wazuh-agentd': '', [WAZUH_MAC]: WAZUH(state) },
  times: { [WAZUH_MAC]: NOW },
})
const ESET = '/Applications/ESET Endpoint Security.app'
const esetFiles = { files: { [`${ESET}/Contents/Info.plist`]: '' } }
const RTFS = `${ESET}/Contents/Helpers/ESET Real-time File System Protection.app/Contents/MacOS/RTFS`

const onMacos: readonly {
  id: string
  it: Parameters<typeof mac>[0]
  good: Partial<Laptop>
  bad: Partial<Laptop> | null
}[] = [
  { id: 'sophos', it: { extension: ['com.sophos.endpoint.scanextension', '2H5GFH3774'] }, good: {}, bad: null },
  {
    id: 'carbon-black',
    it: { extension: ['com.vmware.carbonblack.cloud.se-agent.extension', '7AGZNQ2S2T'] },
    good: { programs: { 'repcli status': REPCLI() } },
    bad: { programs: { 'repcli status': REPCLI('Bypass') } },
  },
  {
    id: 'cortex-xdr',
    it: { extension: ['com.paloaltonetworks.cortex.agent.extension', 'PXPZ95SK77'] },
    good: { programs: { 'cytool runtime query': CYTOOL_MAC() } },
    bad: { programs: { 'cytool runtime query': CYTOOL_MAC('Stopped') } },
  },
  {
    id: 'elastic-defend',
    it: { extension: ['co.elastic.systemextension', '2BT3HPN62Z'] },
    good: { programs: { 'elastic-agent status --output=json': ELASTIC() } },
    bad: { programs: { 'elastic-agent status --output=json': ELASTIC(4) } },
  },
  {
    id: 'wazuh',
    it: { process: '/Library/Ossec/bin/wazuh-agentd' },
    good: wazuhFiles('connected'),
    bad: wazuhFiles('pending'),
  },
  {
    id: 'eset',
    it: { process: RTFS },
    good: { ...esetFiles, programs: ESET_TOLD() },
    bad: { ...esetFiles, programs: ESET_TOLD('Not activated') },
  },
  { id: 'trend-micro', it: { extension: ['com.trendmicro.icore.es', 'E8P47U2H32'] }, good: {}, bad: null },
  {
    id: 'bitdefender',
    it: { process: '/Library/Bitdefender/AVP/BDLDaemon.app/Contents/MacOS/BDLDaemon' },
    good: { folders: ['/Library/Bitdefender/AVP'] },
    bad: null,
  },
  {
    id: 'jamf-protect',
    it: { extension: ['com.jamf.protect.security-extension', '483DWKW443'] },
    good: { programs: { 'protectctl info': JAMF() } },
    bad: { programs: { 'protectctl info': JAMF('Disconnected') } },
  },
]

for (const { id, it, good, bad } of onMacos) {
  test(`macos: ${id} that is well, that has stopped, and of which something is wrong`, async () => {
    expect(await states(mac(it, good))).toEqual([`${id} ${bad ? 'healthy' : 'unknown'}`])
    const stopped = it.extension
      ? { ...it, state: 'activated waiting for user' }
      : { process: '/Applications/Other.app/Contents/MacOS/Other' }
    expect(await states(mac(stopped, good))).toEqual([`${id} off`])
    const ill = bad ? await states(mac(it, bad)) : [`${id} degraded`]
    expect(ill).toEqual([`${id} degraded`])
    expect(await states(mac(it, { ...good, privileged: false }))).toEqual([`${id} unknown`])
  })
}

test('macos: XProtect is listed with its version and age, and never healthy', async () => {
  const plist = '<plist version="1.0"><dict><key>CFBundleShortVersionString</key><string>5300</string></dict></plist>'
  const read = async (programs: Programs) =>
    endpointProtection().probe(laptop(mac({}, { files: { [xprotect]: plist }, programs })))
  expect(await read({})).toMatchObject({
    value: { products: [{ product: 'xprotect', state: 'unknown', version: '5300', definitionsAt: null }] },
  })
  const programs = {
    'xprotect version': says('Version: 5310 Installed: 2026-11-03 10:00:00 +0000\n'),
    'xprotect status': says('XProtect launch scans: enabled\nXProtect background scans: enabled\n'),
  }
  expect(await read(programs)).toMatchObject({
    value: { products: [{ state: 'unknown', version: '5310', definitionsAt: '2026-11-03T10:00:00.000Z' }] },
  })
  const off = { ...programs, 'xprotect status': says('XProtect launch scans: disabled\n') }
  expect(await read(off)).toMatchObject({ value: { products: [{ state: 'degraded' }] } })
})

const ON = 0x061000
const OFF = 0x060000
const OLD = 0x061010

type Pc = {
  running: string[]
  stopped?: string[]
  drivers?: string[]
  center?: [string, number]
  more?: Partial<Laptop>
}

const json = (it: unknown) => says(JSON.stringify(it))
const service = (Name: string, State: string) => ({ Name, State, StartMode: 'Auto', ProcessId: 0 })

function pc({ running, stopped = [], drivers = [], center, more = {} }: Pc): Laptop {
  return {
    platform: 'windows',
    files: {},
    ...more,
    programs: {
      'powershell Get-Service': json([
        ...['EventLog', ...running].map((name) => service(name, 'Running')),
        ...stopped.map((name) => service(name, 'Stopped')),
      ]),
      'powershell Win32_SystemDriver': json(drivers.map((name) => service(name, 'Running'))),
      'powershell AntiVirusProduct': json(
        center ? [{ displayName: center[0], productState: center[1], hasProgram: true }] : [],
      ),
      ...more.programs,
    },
  }
}

const HEALTH = 'HKLM\\SOFTWARE\\WOW6432Node\\Sophos\\Health\\Status'
const SOPHOS_SERVICES = ['Sophos Endpoint Defense Service', 'Sophos File Scanner Service', 'Sophos MCS Client']
const WAZUH_PC = 'C:\\Program Files (x86)\\ossec-agent\\wazuh-agent.state'
const wazuhPc = (state: string): Partial<Laptop> => ({
  files: { [WAZUH_PC]: WAZUH(state) },
  times: { [WAZUH_PC]: NOW },
})
const BITDEFENDER_SERVICES = ['EPSecurityService', 'EPProtectedService', 'EPIntegrationService']

const onWindows: readonly { id: string; good: Pc; bad: Pc[] }[] = [
  {
    id: 'sophos',
    good: {
      running: SOPHOS_SERVICES,
      center: ['Sophos Intercept X', ON],
      more: { registry: { [HEALTH]: { health: 1 } } },
    },
    bad: [
      { running: SOPHOS_SERVICES, more: { registry: { [HEALTH]: { health: 3 } } } },
      { running: SOPHOS_SERVICES.slice(0, 1), more: { registry: { [HEALTH]: { health: 1 } } } },
    ],
  },
  {
    id: 'carbon-black',
    good: { running: ['CbDefense'], more: { programs: { 'repcli status': REPCLI() } } },
    bad: [{ running: ['CbDefense'], more: { programs: { 'repcli status': REPCLI('Bypass') } } }],
  },
  {
    id: 'cortex-xdr',
    good: { running: ['cyserver'], drivers: ['cyvrmtgn', 'cyvrfsfd'], center: ['Cortex XDR', ON] },
    bad: [{ running: ['cyserver'], drivers: ['cyvrmtgn', 'cyvrfsfd'], center: ['Cortex XDR', OFF] }],
  },
  {
    id: 'elastic-defend',
    good: {
      running: ['ElasticEndpoint', 'Elastic Agent'],
      more: { programs: { 'elastic-agent status --output=json': ELASTIC() } },
    },
    bad: [
      {
        running: ['ElasticEndpoint'],
        stopped: ['Elastic Agent'],
        more: { programs: { 'elastic-agent status --output=json': ELASTIC() } },
      },
    ],
  },
  {
    id: 'wazuh',
    good: { running: ['WazuhSvc'], more: wazuhPc('connected') },
    bad: [{ running: ['WazuhSvc'], more: wazuhPc('disconnected') }],
  },
  {
    id: 'eset',
    good: { running: ['ekrn'], center: ['ESET Security', ON] },
    bad: [
      { running: ['ekrn'], center: ['ESET Security', OFF] },
      { running: ['ekrn'], center: ['ESET Security', OLD] },
    ],
  },
  {
    id: 'trend-micro',
    good: { running: ['ntrtscan'], center: ['Trend Micro Apex One Antivirus', ON] },
    bad: [{ running: ['ntrtscan'], center: ['Trend Micro Apex One Antivirus', OLD] }],
  },
  {
    id: 'bitdefender',
    good: { running: BITDEFENDER_SERVICES, center: ['Bitdefender Endpoint Security Tools Antimalware', ON] },
    bad: [{ running: BITDEFENDER_SERVICES.slice(0, 2), center: ['Bitdefender Endpoint Security Tools', ON] }],
  },
]

for (const { id, good, bad } of onWindows) {
  test(`windows: ${id} that is well, that has stopped, of which something is wrong, and of which nothing is told`, async () => {
    expect(await states(pc(good))).toEqual([`${id} healthy`])
    expect(await states(pc({ ...good, running: [], stopped: good.running }))).toEqual([`${id} off`])
    for (const it of bad) expect(await states(pc(it))).toEqual([`${id} degraded`])
    const { center: _, ...untold } = { ...good, more: {} }
    expect(await states(pc(untold))).toEqual([`${id} unknown`])
  })
}

test('windows: Cortex XDR without one of its drivers is off', async () => {
  const it: Pc = { running: ['cyserver'], drivers: ['cyvrmtgn'], center: ['Cortex XDR', ON] }
  expect(await states(pc(it))).toEqual(['cortex-xdr off'])
})

const HOSTILE = [
  '\n',
  ' ',
  '\t',
  'a',
  'a ',
  'a[',
  '[a',
  'a: ',
  'a\n ',
  '- ',
  '{',
  '{"a":',
  '<dict>',
  '<plist',
  '<plist><array>',
  '* a (A) ',
  '"',
  '(',
  'Status: A\n',
  'EM002 1 (20261103) x\n',
  'ClamAV 1.1.1/1/a ',
  'General Info:\n',
].map((piece) => piece.repeat(Math.ceil(200_000 / piece.length)))
const READS = PRODUCTS.flatMap(({ id, ...on }) =>
  Object.entries(on).flatMap(([system, { asks }]) =>
    asks.flatMap((ask) => ('registry' in ask ? [] : [{ name: `${id} on ${system}`, ask }])),
  ),
)

test('readers of every product are quick on whatever is printed', () => {
  const times = { modifiedAt: new Date(NOW), now: new Date(NOW) }
  const slow = READS.flatMap(({ name, ask }) =>
    HOSTILE.flatMap((text) => {
      // CPU time of this process: what else the machine does takes none of it.
      const before = process.cpuUsage()
      if ('file' in ask) ask.read(text, times)
      else {
        ask.read(text)
        ask.readError?.(text)
      }
      const { user, system } = process.cpuUsage(before)
      const took = (user + system) / 1000
      return took > 400 ? [`${name} took ${took} ms for ${JSON.stringify(text.slice(0, 20))}`] : []
    }),
  )
  expect(slow).toEqual([])
})
