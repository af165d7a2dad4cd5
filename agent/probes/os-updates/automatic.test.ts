import { expect, test } from 'vitest'
import { configFiles, isRefreshed, readAptConfig, readAptConfigDump, type AptConfig } from './apt-config.ts'
import { isAptAutomatic, isDnfAutomatic, isOstreeAutomatic, isZypperAutomatic, readOstreePolicy } from './automatic.ts'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'

const ON = 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'

const configs: readonly { name: string; text: string; on: boolean }[] = [
  { name: 'both on', text: ON, on: true },
  { name: 'nothing said', text: '', on: false },
  { name: 'lists alone', text: 'APT::Periodic::Update-Package-Lists "1";', on: true },
  { name: 'upgrades without lists', text: 'APT::Periodic::Unattended-Upgrade "1";', on: false },
  { name: 'in braces', text: 'APT { Periodic { Update-Package-Lists "1"; Unattended-Upgrade "7d"; }; };', on: true },
  {
    name: 'half in braces, without quotes',
    text: 'APT::Periodic{Update-Package-Lists 1;Unattended-Upgrade always;}',
    on: true,
  },
  { name: 'upper and lower case are the same', text: ON.toLowerCase(), on: true },
  { name: 'the last one counts', text: `${ON}APT::Periodic::Update-Package-Lists "0";`, on: false },
  { name: 'switched off as a whole', text: `${ON}APT::Periodic::Enable "0";`, on: false },
  { name: 'comments', text: `// APT::x "\n/* { */ # }\n${ON.replaceAll('"1"', '/* days */ "1"')}`, on: true },
  { name: 'commented out', text: ON.replaceAll('APT', '//APT'), on: false },
  { name: 'commented out with a hash', text: ON.replaceAll('APT', '#APT'), on: false },
  { name: 'cleared again', text: `${ON}#clear APT::Periodic;`, on: false },
  { name: 'slashes and braces in quotes', text: `Acquire::http::Proxy "http://x/{};";\n${ON}`, on: true },
  {
    name: 'lists beside it',
    text: `Unattended-Upgrade::Origins { "a"; "b=c"; };\nDPkg::Post {"x; y";};\n${ON}`,
    on: true,
  },
  { name: 'words that are no numbers', text: ON.replaceAll('"1"', '"yes"'), on: false },
  { name: 'zero in another dress', text: ON.replaceAll('"1"', '"00"'), on: false },
]

for (const { name, text, on } of configs) {
  test(`apt.conf: ${name}`, () => {
    const config: AptConfig = new Map()
    expect(readAptConfig(text, config)).toBe(true)
    expect(isRefreshed(config)).toBe(on)
  })
}

for (const text of ['APT::Periodic {', '};', 'APT::Periodic::Enable "1', 'APT::Periodic::Enable 1', '/* never ends']) {
  test(`apt.conf: malformed: ${text}`, () => {
    expect(readAptConfig(text, new Map())).toBe(false)
  })
}

test('apt reads files without extension or with .conf, in order of their names', () => {
  const names = ['50b', '20a', '99.conf', 'x.disabled', '20a.dpkg-old', '.hidden', 'a b', 'y.conf~', '1.2.conf']
  expect(configFiles(names)).toEqual(['1.2.conf', '20a', '50b', '99.conf'])
})

const WANTS = '/etc/systemd/system/timers.target.wants'
const UNIT = '[Timer]\nOnCalendar=daily\n'
const timers = { [`${WANTS}/apt-daily.timer`]: UNIT, [`${WANTS}/apt-daily-upgrade.timer`]: UNIT }
const auto = '/etc/apt/apt.conf.d/20auto-upgrades'
const all = { [auto]: ON, ...timers }
const DUMP = 'apt-config dump APT::Periodic'

const apt: readonly ({ name: string; automatic: boolean | null } & Laptop)[] = [
  { name: 'options and timer', automatic: true, files: all },
  {
    name: 'a later file switches it off',
    automatic: false,
    files: { ...all, '/etc/apt/apt.conf.d/99off': ON.replaceAll('"1"', '"0"') },
  },
  {
    name: 'the main file comes last',
    automatic: false,
    files: { ...all, '/etc/apt/apt.conf': 'APT::Periodic::Enable "0";' },
  },
  { name: 'a file that apt does not read', automatic: false, files: { ...all, [auto]: '', [`${auto}.bak`]: ON } },
  {
    name: 'a timer that nothing starts',
    automatic: false,
    files: { [auto]: ON, [`${WANTS}/fstrim.timer`]: UNIT },
  },
  { name: 'a masked timer', automatic: false, files: { ...all, '/etc/systemd/system/apt-daily.timer': '' } },
  ...['masked', 'enabled', 'Failed'].map((word) => ({
    // A link to /dev/null is no file that the agent reads.
    name: `a timer whose unit is no file, which systemctl calls ${word}`,
    automatic: word === 'Failed' ? null : word === 'enabled',
    files: all,
    denied: ['/etc/systemd/system/apt-daily.timer'],
    programs: {
      'systemctl --root=/ is-enabled apt-daily.timer': { stdout: `${word}\n`, exitCode: word === 'enabled' ? 0 : 1 },
    },
  })),
  {
    name: 'a timer with a unit of its own',
    automatic: true,
    files: { ...all, '/etc/systemd/system/apt-daily.timer': UNIT },
  },
  {
    name: 'no timers at all: another init starts it, or nothing',
    automatic: null,
    files: { [auto]: ON },
  },
  { name: 'options that may not be read', automatic: null, files: all, denied: [auto] },
  { name: 'options that make no sense', automatic: null, files: { ...all, '/etc/apt/apt.conf.d/99x': '}' } },
  {
    name: 'options that only apt understands',
    automatic: true,
    files: { ...all, '/etc/apt/apt.conf.d/99x': '}' },
    programs: { [DUMP]: { stdout: ON } },
  },
  {
    name: 'options that apt does not understand either',
    automatic: null,
    files: { ...all, '/etc/apt/apt.conf.d/99x': '}' },
    programs: { [DUMP]: { stdout: ON, exitCode: 100 } },
  },
  { name: 'timers that may not be read', automatic: null, files: all, denied: [WANTS] },
  {
    name: 'timers that systemctl may read',
    automatic: true,
    files: all,
    denied: [WANTS],
    programs: { 'systemctl --root=/ is-enabled apt-daily.timer': { stdout: 'enabled\n' } },
  },
]

for (const { name, automatic, ...machine } of apt) {
  test(`apt by itself: ${name}: ${automatic}`, async () => {
    expect(await isAptAutomatic(laptop(machine))).toBe(automatic)
  })
}

const dumps: readonly { text: string; on: boolean | null }[] = [
  { text: `APT::Periodic "";\n${ON}`, on: true },
  { text: `APT "";\nDPkg::Post:: "if [ -x "/a" ]; then b; fi";\r\n${ON}`, on: true },
  { text: ON.replaceAll('"1"', '"0"'), on: false },
  { text: 'APT::Architecture "amd64";\n', on: false },
  { text: '', on: null },
  { text: '\n', on: null },
  { text: ON.slice(0, -3), on: null },
  { text: 'E: Syntax error /etc/apt/apt.conf.d/99x:1: Extra junk after value\n', on: null },
]

for (const { text, on } of dumps) {
  test(`apt-config dump: ${JSON.stringify(text.slice(0, 50))}: ${on}`, () => {
    const config = readAptConfigDump(text)
    expect(config && isRefreshed(config)).toBe(on)
  })
}

const wanted = (unit: string) => ({ [`${WANTS}/${unit}`]: UNIT })
const others = wanted('fstrim.timer')
const MULTI_USER = '/etc/systemd/system/multi-user.target.wants'

const dnf: readonly ({ name: string; automatic: boolean | null } & Laptop)[] = [
  { name: 'the timer of dnf 4', automatic: true, files: wanted('dnf-automatic.timer') },
  { name: 'the timer of dnf 5', automatic: true, files: wanted('dnf5-automatic.timer') },
  { name: 'the lists alone', automatic: true, files: wanted('dnf-makecache.timer') },
  { name: 'yum-cron', automatic: true, files: { ...others, [`${MULTI_USER}/yum-cron.service`]: UNIT } },
  { name: 'no timer', automatic: false, files: { ...others, [`${MULTI_USER}/sshd.service`]: UNIT } },
  { name: 'no timers at all', automatic: null, files: {} },
  {
    name: 'a masked timer',
    automatic: false,
    files: {
      ...wanted('dnf-makecache.timer'),
      '/etc/systemd/system/dnf-makecache.timer': '',
      [`${MULTI_USER}/sshd.service`]: UNIT,
    },
  },
]

for (const { name, automatic, ...machine } of dnf) {
  test(`dnf by itself: ${name}: ${automatic}`, async () => {
    expect(await isDnfAutomatic(laptop(machine))).toBe(automatic)
  })
}

const AOU = '/etc/sysconfig/automatic_online_update'
const zypper: readonly ({ name: string; automatic: boolean | null } & Laptop)[] = [
  { name: 'the timer of read-only systems', automatic: true, files: wanted('transactional-update.timer') },
  { name: 'YaST says yes', automatic: true, files: { ...others, [AOU]: 'AOU_ENABLE_CRONJOB="true"\n' } },
  { name: 'YaST says no', automatic: false, files: { ...others, [AOU]: 'AOU_ENABLE_CRONJOB="false"\n' } },
  { name: 'YaST does not say', automatic: false, files: { ...others, [AOU]: '# AOU_ENABLE_CRONJOB="true"\n' } },
  { name: 'neither', automatic: false, files: others },
  { name: 'what YaST says may not be read', automatic: null, files: { ...others, [AOU]: '' }, denied: [AOU] },
  { name: 'no timers at all', automatic: null, files: {} },
]

for (const { name, automatic, ...machine } of zypper) {
  test(`zypper by itself: ${name}: ${automatic}`, async () => {
    expect(await isZypperAutomatic(laptop(machine))).toBe(automatic)
  })
}

const POLICY = '/etc/rpm-ostreed.conf'
const STAGE = '[Daemon]\nAutomaticUpdatePolicy=stage\n'
const ostreeTimer = wanted('rpm-ostreed-automatic.timer')
const idle = { [`${MULTI_USER}/sshd.service`]: UNIT }
const ostree: readonly ({ name: string; automatic: boolean | null } & Laptop)[] = [
  { name: 'policy and timer', automatic: true, files: { ...ostreeTimer, ...idle, [POLICY]: STAGE } },
  { name: 'policy without the timer', automatic: false, files: { ...others, ...idle, [POLICY]: STAGE } },
  { name: 'timer without a policy', automatic: false, files: { ...ostreeTimer, ...idle, [POLICY]: '[Daemon]\n' } },
  { name: 'timer without the file', automatic: false, files: { ...ostreeTimer, ...idle } },
  {
    name: 'a word nobody knows',
    automatic: null,
    files: { ...ostreeTimer, ...idle, [POLICY]: STAGE.replace('stage', 'x') },
  },
  {
    name: 'a policy that may not be read',
    automatic: null,
    files: { ...ostreeTimer, ...idle, [POLICY]: STAGE },
    denied: [POLICY],
  },
  { name: 'a timer of bootc', automatic: true, files: wanted('bootc-fetch-apply-updates.timer') },
  { name: 'Fedora CoreOS', automatic: true, files: { ...others, [`${MULTI_USER}/zincati.service`]: UNIT } },
]

for (const { name, automatic, ...machine } of ostree) {
  test(`rpm-ostree by itself: ${name}: ${automatic}`, async () => {
    expect(await isOstreeAutomatic(laptop(machine))).toBe(automatic)
  })
}

const policies: readonly [text: string, policy: string | null][] = [
  [STAGE, 'stage'],
  ['# comment\n[Daemon]\nAutomaticUpdatePolicy = check\n#AutomaticUpdatePolicy=none\n', 'check'],
  ['[Daemon]\nAutomaticUpdatePolicy=apply\n', 'apply'],
  ['[Other]\nAutomaticUpdatePolicy=stage\n', 'none'],
  ['[Daemon]\n#AutomaticUpdatePolicy=stage\n', 'none'],
  ['', 'none'],
  ['[Daemon]\nAutomaticUpdatePolicy=stage now\n', null],
]

for (const [text, policy] of policies) {
  test(`rpm-ostreed.conf: ${JSON.stringify(text)}`, () => {
    expect(readOstreePolicy(text)).toBe(policy)
  })
}

test('damage to apt.conf never throws, and never switches on what was off', () => {
  const off = 'APT { Periodic { Update-Package-Lists "0"; /* x */ Unattended-Upgrade "0"; }; };\n#clear A::B;\n// y\n'
  for (const text of mutations(off, 10_000)) {
    const config: AptConfig = new Map()
    const isWhole = readAptConfig(text, config)
    expect(isWhole && isRefreshed(config) && !/[1-9]/.test(text)).toBe(false)
  }
  const dump = 'APT::Periodic "";\nAPT::Periodic::Update-Package-Lists "0";\nAPT::Periodic::Unattended-Upgrade "1";\n'
  for (const text of mutations(dump, 10_000)) {
    const config = readAptConfigDump(text)
    expect(config !== null && isRefreshed(config) && !/Lists "0*[1-9]/i.test(text)).toBe(false)
  }
  for (const text of mutations('[Daemon]\n# x\nAutomaticUpdatePolicy=none\nIdleExitTimeout=60\n', 10_000)) {
    expect(['none', null]).toContain(readOstreePolicy(text))
  }
})
