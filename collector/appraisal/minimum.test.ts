import { describe, expect, test } from 'vitest'
import { unreadable, value } from '../../shared/fact.ts'
import { parserOf } from '../../shared/schema.ts'
import type { SignalValue } from '../../shared/signals.ts'
import { Minimum, inWordsOf, judgeMinimum } from './minimum.ts'

type Os = SignalValue['os']

const os = (more: Partial<Os>): Os => ({
  platform: 'linux',
  name: 'System',
  version: '',
  build: '',
  arch: 'x86_64',
  ...more,
})
const windows = (build: string) => os({ platform: 'windows', name: 'Windows 11', build })
const macos = (version: string, rapidResponse?: string) =>
  os({ platform: 'macos', name: 'macOS', version, ...(rapidResponse !== undefined && { rapidResponse }) })
const linux = (id: string, version: string, build = '') => os({ id, name: id, version, build })

const verdictOf = (minimum: Minimum, it: Os) => judgeMinimum(minimum, value(it), it.platform)?.verdict ?? null

describe('the schema', () => {
  const parse = parserOf(Minimum)
  const QUOTED = /must be a version in quotes \('[\d.]+'\) or a list of these/

  test.each([
    { windows: '26100.7171' },
    { windows: ['22631', '26100.7171'] },
    { macos: '26' },
    { macos: ['15.7.2', '26.3.1 (a)'] },
    { debian: '12.5', ubuntu: ['22.04', '24.04'], 'opensuse-leap': '15.6', sles_sap: '15.6' },
  ])('admits %j', (minimum) => {
    expect(parse(minimum).ok).toBe(true)
  })

  test.each([
    { minimum: { macos: 15.7 }, problem: QUOTED },
    { minimum: { ubuntu: 24.1 }, problem: QUOTED },
    { minimum: { macos: ['15.7.2', 26.1] }, problem: QUOTED },
    { minimum: { macos: [] }, problem: QUOTED },
    { minimum: { macos: Array(33).fill('26') }, problem: QUOTED },
    { minimum: { macos: '' }, problem: QUOTED },
    { minimum: { macos: 'newest' }, problem: QUOTED },
    { minimum: { macos: null }, problem: QUOTED },
    { minimum: { macos: { version: '26' } }, problem: QUOTED },
    { minimum: { debian: `1${'.1'.repeat(30)}` }, problem: QUOTED },
    // Each of these would be below every build, and let all of them pass.
    { minimum: { windows: '11' }, problem: QUOTED },
    { minimum: { windows: '24H2' }, problem: QUOTED },
    { minimum: { windows: '10.0.26100.7171' }, problem: QUOTED },
    // Each of these would be no Linux, and ask nothing of anybody.
    { minimum: { macOS: '26' }, problem: /macOS is not a key/ },
    { minimum: { mac: '26' }, problem: /mac is not a key/ },
    { minimum: { linux: '6' }, problem: /linux is not a key/ },
    { minimum: '26', problem: /must be object/ },
    { minimum: {}, problem: /must not have fewer than 1 properties/ },
  ])('refuses $minimum', ({ minimum, problem }) => {
    expect(parse(minimum)).toEqual({ ok: false, problem: expect.stringMatching(problem) })
  })
})

test('is told in words', () => {
  expect(inWordsOf({ macos: ['15.7.2', '26.1'], debian: '12.5' })).toBe('macos 15.7.2 or 26.1, debian 12.5')
})

describe('one version', () => {
  test.each([
    [windows('26100.7171'), '26100.7171', 'pass'],
    [windows('26100.7170'), '26100.7171', 'fail'],
    [windows('26200.1'), '26100.7171', 'pass'],
    [windows('22631.9999'), '26100.7171', 'fail'],
    [windows('26100.1'), '26100', 'pass'],
    [windows('26100'), '26100.7171', 'unknown'],
    [windows('26100'), '26100', 'pass'],
    [windows('22631'), '26100.7171', 'fail'],
    [windows('26200'), '26100.7171', 'pass'],
    [windows(''), '26100.7171', 'unknown'],
    [macos('15.7.2'), '15.7.2', 'pass'],
    [macos('15.7.10'), '15.7.2', 'pass'],
    [macos('15.7.1'), '15.7.2', 'fail'],
    [macos('26.0'), '15.7.2', 'pass'],
    [macos('26'), '26.1', 'fail'],
    [macos('26'), '26.0', 'pass'],
    [macos('14.8.4'), '15.7.2', 'fail'],
    [macos('26.3.1'), '26.3.1 (a)', 'fail'],
    [macos('26.3.1', '(a)'), '26.3.1 (a)', 'pass'],
    [macos('10.15.7'), '10.15.7', 'pass'],
    [macos('10.14.6'), '10.15.7', 'fail'],
    [linux('debian', '12', '12.5'), '12.5', 'pass'],
    [linux('debian', '12', '12.11'), '12.5', 'pass'],
    [linux('debian', '12', '12.4'), '12.5', 'fail'],
    [linux('debian', '12'), '12.5', 'unknown'],
    [linux('debian', '13'), '12.5', 'pass'],
    [linux('debian', '11', '11.11'), '12.5', 'fail'],
    [linux('debian', ''), '12.5', 'unknown'],
    [linux('ubuntu', '24.04', '24.04.2'), '24.04', 'pass'],
    [linux('ubuntu', '24.10'), '24.04', 'pass'],
    [linux('ubuntu', '22.04', '22.04.5'), '24.04', 'fail'],
  ] as const)('%j against %s: %s', (it, least, verdict) => {
    const key = it.platform === 'linux' ? (it.id ?? '') : it.platform
    expect(verdictOf({ [key]: least }, it)).toBe(verdict)
    expect(verdictOf({ [key]: [least] }, it)).toBe(verdict)
  })
})

describe('one version for each line', () => {
  const macs = { macos: ['26.1', '15.7.2'] }
  const builds = { windows: ['22631.6060', '26100.7171'] }
  const lines = { alpine: ['3.19.5', '3.20.2'] }

  test.each([
    [macs, macos('15.7.2'), 'pass'],
    [macs, macos('15.7.1'), 'fail'],
    [macs, macos('26.1.1'), 'pass'],
    [macs, macos('26.0.1'), 'fail'],
    [macs, macos('27.0'), 'pass'],
    [macs, macos('14.8.4'), 'fail'],
    [{ macos: ['10.15.7', '12.7'] }, macos('10.14.6'), 'fail'],
    [{ macos: ['10.15.7', '12.7'] }, macos('11.7'), 'fail'],
    [builds, windows('22631.6060'), 'pass'],
    [builds, windows('22631.6059'), 'fail'],
    [builds, windows('26100.7170'), 'fail'],
    [builds, windows('26200.1'), 'pass'],
    [builds, windows('22621.9999'), 'fail'],
    [builds, windows('22631'), 'unknown'],
    [lines, linux('alpine', '3.19.5'), 'pass'],
    [lines, linux('alpine', '3.19.4'), 'fail'],
    [lines, linux('alpine', '3.20.1'), 'fail'],
    [lines, linux('alpine', '3.18.12'), 'fail'],
    [lines, linux('alpine', '3.21.0'), 'pass'],
    [lines, linux('alpine', '4.0'), 'pass'],
    [lines, linux('alpine', '3'), 'unknown'],
  ] as const)('%j of %j: %s', (minimum, it, verdict) => {
    expect(verdictOf(minimum, it)).toBe(verdict)
  })
})

describe('a system', () => {
  test.each([
    { name: 'that is not named is not asked', minimum: { macos: '26' }, it: windows('1.1'), verdict: null },
    {
      name: 'of another distribution is not asked',
      minimum: { debian: '12' },
      it: linux('ubuntu', '1'),
      verdict: null,
    },
    {
      name: 'that has the name of a platform is none',
      minimum: { macos: '26' },
      it: linux('macos', '1'),
      verdict: null,
    },
    {
      name: 'that has an unlikely name is not asked',
      minimum: { debian: '12' },
      it: linux('constructor', '1'),
      verdict: null,
    },
    {
      name: 'without an ID is known by its name',
      minimum: { debian: '12' },
      it: os({ name: 'Debian GNU/Linux', version: '11' }),
      verdict: 'fail',
    },
  ])('$name', ({ minimum, it, verdict }) => {
    expect(verdictOf(minimum, it)).toBe(verdict)
  })

  test('that could not be read is not known, where any like it is named', () => {
    const unread = unreadable('denied')
    const why = 'the operating system is not known: denied'
    expect(judgeMinimum({ debian: '12' }, unread, 'linux')).toMatchObject({ verdict: 'unknown', why })
    expect(judgeMinimum({ macos: '26' }, unread, 'macos')).toMatchObject({ verdict: 'unknown', why })
    expect(judgeMinimum({ macos: '26' }, unread, 'linux')).toBeNull()
  })

  test('cannot be compared with what is no version', () => {
    expect(verdictOf({ macos: 'newest' }, macos('26.1'))).toBe('unknown')
    expect(verdictOf({ macos: ['newest', '15.7.2'] }, macos('15.7.1'))).toBe('fail')
  })

  test('that is another than the one that was enrolled is not judged', () => {
    expect(judgeMinimum({ macos: '26' }, value(linux('debian', '12')), 'macos')).toMatchObject({
      verdict: 'unknown',
      why: 'the device was enrolled on macos, and says that it runs linux',
    })
  })

  test('is told what is asked of it', () => {
    expect(judgeMinimum({ macos: ['15.7.2', '26.3.1 (a)'] }, value(macos('26.3.1')), 'macos')).toEqual({
      verdict: 'fail',
      why: 'macOS 26.3.1 is older than 26.3.1 (a), the least that is admitted',
      fix: 'Update the operating system to 26.3.1 (a) or newer.',
      code: 32,
    })
    expect(judgeMinimum({ debian: '12.5' }, value(linux('debian', '12')), 'linux')).toMatchObject({
      why: 'whether debian 12 is at least 12.5 is not told',
    })
    expect(judgeMinimum({ debian: '12.5' }, value(linux('debian', '')), 'linux')).toMatchObject({
      why: 'debian has no version to compare',
    })
    expect(judgeMinimum({ debian: '12.5' }, value(linux('debian', '12', '12.5')), 'linux')).toMatchObject({
      why: 'debian 12.5 is at least 12.5',
    })
  })
})
