import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { CINNAMON, lockOf, MATE, readSettings } from './gnome.ts'

const SAVER = 'org.gnome.desktop.screensaver'
const text = (enabled: string, delay: string, idle: string, more = '') =>
  `${SAVER} picture-uri 'file:///x y'\n${SAVER} lock-enabled ${enabled}\n${SAVER} lock-delay ${delay}\norg.gnome.desktop.session idle-delay ${idle}\n${more}`

function read(stdout: string, stderr = '') {
  const settings = readSettings(stdout, stderr)
  return settings.kind === 'value' ? lockOf(settings.value) : settings
}

const OFF = { enabled: false, afterSeconds: null }
const cases: readonly { name: string; stdout: string; expected: object }[] = [
  {
    name: 'idle and delay together',
    stdout: text('true', 'uint32 30', 'uint32 300'),
    expected: { enabled: true, afterSeconds: 330 },
  },
  { name: 'switched off', stdout: text('false', 'uint32 0', 'uint32 300'), expected: OFF },
  { name: 'never idle', stdout: text('true', 'uint32 0', 'uint32 0'), expected: OFF },
  {
    name: 'the lock screen is disabled',
    stdout: text('true', 'uint32 0', 'uint32 300', 'org.gnome.desktop.lockdown disable-lock-screen true\n'),
    expected: OFF,
  },
  {
    name: 'a number of another kind',
    stdout: text('true', 'uint32 0', '300'),
    expected: { enabled: true, afterSeconds: null },
  },
  {
    name: 'beyond all measure',
    stdout: text('true', 'uint32 4294967295', 'uint32 300'),
    expected: { afterSeconds: 31_536_000 },
  },
]

for (const { name, stdout, expected } of cases) {
  test(`gnome: ${name}`, () => expect(read(stdout)).toMatchObject({ kind: 'value', value: expected }))
}

const GOOD = text('true', 'uint32 0', 'uint32 300')
const none: readonly { name: string; stdout: string; stderr?: string }[] = [
  { name: 'nothing', stdout: '' },
  { name: 'one value without its name', stdout: 'true\n' },
  {
    name: 'a complaint among the settings',
    stdout: `${GOOD}\n(process:1): dconf-CRITICAL **: unable to create directory\n`,
  },
  {
    name: 'a complaint beside them',
    stdout: GOOD,
    stderr: '(process:1): GLib-GIO-WARNING: Using the "memory" GSettings backend',
  },
  { name: 'another language', stdout: text('wahr', 'uint32 0', 'uint32 300') },
  { name: 'no word about the lock', stdout: 'org.gnome.desktop.session idle-delay uint32 300\n' },
]

for (const { name, stdout, stderr = '' } of none) {
  test(`gnome: nothing is drawn from ${name}`, () => expect(read(stdout, stderr).kind).toBe('unreadable'))
}

test('gnome: damage never switches on what is off', () => {
  for (const damaged of mutations(text('false', 'uint32 0', 'uint32 0'), 3000)) {
    const fact = read(damaged)
    if (/lock-enabled true/.test(damaged)) continue
    expect(fact.kind === 'value' && fact.value.enabled).toBe(false)
  }
})

test.each([
  ['Cinnamon counts in seconds', CINNAMON, 'org.cinnamon.desktop', 'uint32 ', { enabled: true, afterSeconds: 330 }],
  ['MATE counts in minutes', MATE, 'org.mate', '', { enabled: true, afterSeconds: 330 * 60 }],
] as const)('%s', (_, schemas, prefix, kind, expected) => {
  const saver = `${prefix}.screensaver`
  const lines = [
    `${saver} lock-enabled true`,
    `${saver} lock-delay ${kind}30`,
    `${prefix}.session idle-delay ${kind}300`,
  ]
  const lockWith = (...more: string[]) => {
    const settings = readSettings([...lines, ...more].join('\n'))
    return settings.kind === 'value' ? lockOf(settings.value, schemas) : settings
  }
  expect(lockWith()).toMatchObject({ kind: 'value', value: expected })
  expect(lockWith(`${saver} lock-enabled false`)).toMatchObject({ value: OFF })
  expect(lockWith(`${prefix}.lockdown disable-lock-screen true`)).toMatchObject({ value: OFF })
})

test('MATE locks only where it goes idle', () => {
  const saver = 'org.mate.screensaver'
  const settings = readSettings(`${saver} lock-enabled true\n${saver} idle-activation-enabled false\n`)
  expect(settings.kind === 'value' && lockOf(settings.value, MATE)).toMatchObject({ value: OFF })
})

test('gnome: what never goes idle never locks, whatever else is told', () => {
  const settings = readSettings('org.gnome.desktop.session idle-delay uint32 0')
  expect(settings.kind === 'value' && lockOf(settings.value)).toMatchObject({ value: OFF })
})
