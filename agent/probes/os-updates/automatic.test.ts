import { expect, test } from 'vitest'
import { configFiles, isPeriodic, readAptConfig, type AptConfig } from './apt-config.ts'
import { isAptAutomatic, isDnfAutomatic, readApplyUpdates } from './automatic.ts'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'

const ON = 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'

const configs: readonly { name: string; text: string; on: boolean }[] = [
  { name: 'both on', text: ON, on: true },
  { name: 'nothing said', text: '', on: false },
  { name: 'lists alone', text: 'APT::Periodic::Update-Package-Lists "1";', on: false },
  { name: 'in braces', text: 'APT { Periodic { Update-Package-Lists "1"; Unattended-Upgrade "7d"; }; };', on: true },
  {
    name: 'half in braces, without quotes',
    text: 'APT::Periodic{Update-Package-Lists 1;Unattended-Upgrade always;}',
    on: true,
  },
  { name: 'upper and lower case are the same', text: ON.toLowerCase(), on: true },
  { name: 'the last one counts', text: `${ON}APT::Periodic::Unattended-Upgrade "0";`, on: false },
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
    expect(isPeriodic(config)).toBe(on)
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
const all = { [auto]: ON, '/usr/bin/unattended-upgrade': '', ...timers }
const { '/usr/bin/unattended-upgrade': _program, ...withoutProgram } = all

const apt: readonly ({ name: string; automatic: boolean | null } & Laptop)[] = [
  { name: 'options, timers and program', automatic: true, files: all },
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
  { name: 'no program to do it', automatic: false, files: withoutProgram },
  {
    name: 'a timer that nothing starts',
    automatic: false,
    files: { [auto]: ON, '/usr/bin/unattended-upgrade': '', [`${WANTS}/apt-daily.timer`]: UNIT },
  },
  { name: 'a masked timer', automatic: false, files: { ...all, '/etc/systemd/system/apt-daily.timer': '' } },
  {
    name: 'a timer with a unit of its own',
    automatic: true,
    files: { ...all, '/etc/systemd/system/apt-daily.timer': UNIT },
  },
  {
    name: 'no timers at all: another init starts it, or nothing',
    automatic: null,
    files: { [auto]: ON, '/usr/bin/unattended-upgrade': '' },
  },
  { name: 'options that may not be read', automatic: null, files: all, denied: [auto] },
  { name: 'options that make no sense', automatic: null, files: { ...all, '/etc/apt/apt.conf.d/99x': '}' } },
  { name: 'timers that may not be read', automatic: null, files: all, denied: [WANTS] },
]

for (const { name, automatic, ...machine } of apt) {
  test(`apt by itself: ${name}: ${automatic}`, async () => {
    expect(await isAptAutomatic(laptop(machine))).toBe(automatic)
  })
}

const conf = '/etc/dnf/automatic.conf'
const YES = '[commands]\nupgrade_type = security\napply_updates = yes\n'
const dnf: readonly ({ name: string; automatic: boolean | null } & Laptop)[] = [
  { name: 'timer and apply_updates', automatic: true, files: { [`${WANTS}/dnf-automatic.timer`]: UNIT, [conf]: YES } },
  { name: 'the timer of dnf 5', automatic: true, files: { [`${WANTS}/dnf5-automatic.timer`]: UNIT, [conf]: YES } },
  {
    name: 'only downloads',
    automatic: false,
    files: { [`${WANTS}/dnf-automatic.timer`]: UNIT, [conf]: '[commands]\n' },
  },
  {
    name: 'a timer that installs whatever the file says',
    automatic: true,
    files: { [`${WANTS}/dnf-automatic-install.timer`]: UNIT },
  },
  { name: 'no timer', automatic: false, files: { [`${WANTS}/fstrim.timer`]: UNIT, [conf]: YES } },
  {
    name: 'a file that may not be read',
    automatic: null,
    files: { [`${WANTS}/dnf-automatic.timer`]: UNIT, [conf]: YES },
    denied: [conf],
  },
]

for (const { name, automatic, ...machine } of dnf) {
  test(`dnf by itself: ${name}: ${automatic}`, async () => {
    expect(await isDnfAutomatic(laptop(machine))).toBe(automatic)
  })
}

const applies: readonly [text: string, applies: boolean][] = [
  [YES, true],
  ['[commands]\napply_updates=True\n', true],
  ['[commands]\n#apply_updates = yes\n', false],
  ['[emitters]\napply_updates = yes\n', false],
  [`${YES}apply_updates = no\n`, false],
  ['apply_updates = yes\n', false],
  ['', false],
]

for (const [text, expected] of applies) {
  test(`automatic.conf: ${JSON.stringify(text)}`, () => {
    expect(readApplyUpdates(text)).toBe(expected)
  })
}

test('damage to apt.conf never throws, and never switches on what was off', () => {
  const off = 'APT { Periodic { Update-Package-Lists "0"; /* x */ Unattended-Upgrade "0"; }; };\n#clear A::B;\n// y\n'
  for (const text of mutations(off, 3000)) {
    const config: AptConfig = new Map()
    const isWhole = readAptConfig(text, config)
    expect(isWhole && isPeriodic(config) && !/[1-9]/.test(text)).toBe(false)
  }
})
