import { describe, expect, test } from 'vitest'
import { CATALOGUE, NOW, asks, days, factsWith, judge } from '../../../test/fakes/rule.ts'
import { osPatch } from './os-patch.ts'

const current = {
  pendingSecurity: 0,
  pending: 0,
  lastInstalledAt: null,
  lastCheckedAt: days(-1).toISOString(),
  automatic: null,
  rebootRequired: false,
}
const missing = { ...current, pendingSecurity: 2 }
const waiting = { ...current, rebootRequired: true }

describe('what is missing is tracked from when it was first seen', () => {
  test.each([
    { name: 'nothing is missing', updates: current, tracks: false },
    { name: 'an update is missing', updates: missing, tracks: true },
    { name: 'a restart is due', updates: waiting, tracks: true },
    {
      name: 'a restart is due, and the rest is not known',
      updates: { ...waiting, pendingSecurity: null },
      tracks: true,
    },
    { name: 'nothing is known', updates: { ...current, pendingSecurity: null }, tracks: null },
    { name: 'whether a restart is due is not known', updates: { ...current, rebootRequired: null }, tracks: false },
  ])('$name: $tracks', ({ updates, tracks }) => {
    expect(asks(osPatch).tracks(factsWith(osPatch, updates))).toBe(tracks)
  })
})

const seen = (count: number) => ({ trackedSince: days(-count) })

describe('with the default of 14 days, and lists of at most 7', () => {
  const old = { lastCheckedAt: days(-8).toISOString() }

  test.each([
    {
      name: 'nothing is missing',
      updates: current,
      context: {},
      verdict: 'pass',
      code: 2,
      why: 'no security update is missing',
      until: days(6),
    },
    {
      name: 'updates are missing since just now',
      updates: missing,
      context: {},
      verdict: 'pass',
      code: 32,
      why: '2 security updates pending, first seen 2026-11-24; due 2026-12-08',
      until: days(6),
    },
    {
      name: 'one is missing for a while',
      updates: { ...missing, pendingSecurity: 1 },
      context: seen(10),
      verdict: 'pass',
      code: 32,
      why: '1 security update pending, first seen 2026-11-14; due 2026-11-28',
      until: days(4),
    },
    {
      name: 'updates are missing for too long',
      updates: missing,
      context: seen(14),
      verdict: 'fail',
      code: 32,
      why: '2 security updates pending, first seen 2026-11-10',
      until: undefined,
    },
    {
      name: 'a restart is due',
      updates: waiting,
      context: seen(1),
      verdict: 'pass',
      code: 32,
      why: 'installed updates wait for a restart, first seen 2026-11-23; due 2026-12-07',
      until: days(6),
    },
    {
      name: 'a restart is due for too long',
      updates: waiting,
      context: seen(20),
      verdict: 'fail',
      code: 32,
      why: 'installed updates wait for a restart, first seen 2026-11-04',
      until: undefined,
    },
    {
      name: 'the lists are too old',
      updates: { ...current, ...old },
      context: {},
      verdict: 'unknown',
      code: null,
      why: 'the package lists are 8 days old, so what is missing is not known',
      until: undefined,
    },
    {
      name: 'the lists are too old, and what they know will be due',
      updates: { ...missing, ...old },
      context: seen(13),
      verdict: 'unknown',
      code: null,
      why: 'the package lists are 8 days old, so what is missing is not known',
      until: days(1),
    },
    {
      name: 'the lists are too old, and what they know is due',
      updates: { ...missing, ...old },
      context: seen(14),
      verdict: 'fail',
      code: 32,
      why: '2 security updates pending, first seen 2026-11-10',
      until: undefined,
    },
    {
      name: 'the age of the lists is not known',
      updates: { ...current, lastCheckedAt: null },
      context: {},
      verdict: 'unknown',
      code: null,
      why: 'when the package lists were refreshed is not known',
      until: undefined,
    },
    {
      name: 'the age of the lists is not known, and something will be due',
      updates: { ...missing, lastCheckedAt: null },
      context: seen(13),
      verdict: 'unknown',
      code: null,
      why: 'when the package lists were refreshed is not known',
      until: days(1),
    },
    {
      name: 'the lists come from further ahead than clocks differ',
      updates: { ...current, lastCheckedAt: days(2.01).toISOString() },
      context: {},
      verdict: 'unknown',
      code: null,
      why: 'when the package lists were refreshed is not known',
      until: days(0.01),
    },
    {
      name: 'the lists come from a clock that is as far ahead as may be',
      updates: { ...current, lastCheckedAt: days(2).toISOString() },
      context: {},
      verdict: 'pass',
      code: 2,
      why: 'no security update is missing',
      until: days(9),
    },
    {
      name: 'what is pending is not known',
      updates: { ...current, pendingSecurity: null },
      context: {},
      verdict: 'unknown',
      code: null,
      why: 'which security updates are pending is not known',
      until: undefined,
    },
    {
      name: 'what is pending is not known, and the agent says why',
      updates: { ...current, pendingSecurity: null, detail: 'the lists are locked' },
      context: {},
      verdict: 'unknown',
      code: null,
      why: 'which security updates are pending is not known: the lists are locked',
      until: undefined,
    },
    {
      name: 'what is pending is not known, and a restart will be due',
      updates: { ...waiting, pendingSecurity: null },
      context: seen(13),
      verdict: 'unknown',
      code: null,
      why: 'which security updates are pending is not known',
      until: days(1),
    },
    {
      name: 'what is pending is not known, and a restart is due',
      updates: { ...waiting, pendingSecurity: null },
      context: seen(14),
      verdict: 'fail',
      code: 32,
      why: 'installed updates wait for a restart, first seen 2026-11-10',
      until: undefined,
    },
  ])('$name: $verdict', ({ updates, context, verdict, code, why, until }) => {
    const judgement = judge(osPatch, updates, {}, context)
    expect(judgement).toMatchObject({ verdict, code, why })
    expect(judgement.until).toEqual(until)
  })

  test('pending updates that are not due yet pass, with a fix that says what to do', () => {
    expect(judge(osPatch, missing).fix).toMatch(/^Install the pending security updates/)
    expect(judge(osPatch, waiting).fix).toMatch(/^Restart the laptop/)
  })
})

test('the policy says how long is too long', () => {
  const context = { trackedSince: days(-2) }
  expect(judge(osPatch, missing, { within: '3d' }, context).verdict).toBe('pass')
  expect(judge(osPatch, missing, { within: '2d' }, context).verdict).toBe('fail')
  expect(judge(osPatch, current, { lists: '24h' }, { now: new Date(NOW.getTime() - 1) }).verdict).toBe('pass')
  expect(judge(osPatch, current, { lists: '24h' }).verdict).toBe('unknown')
  expect(asks(osPatch, { within: '3d' }).ask).toContain('3 days')
})

const debian = (build: string) => ({
  others: { os: { platform: 'linux', name: 'Debian', id: 'debian', version: '12', build, arch: 'x86_64' } },
})

describe('a minimum', () => {
  const minimum = { debian: '12.5' }

  test.each([
    {
      name: 'decides alone',
      build: '12.4',
      updates: current,
      asked: { minimum },
      verdict: 'fail',
      why: /^Debian 12.4 is older than 12.5/,
    },
    {
      name: 'decides alone, whatever is pending',
      build: '12.5',
      updates: missing,
      asked: { minimum },
      verdict: 'pass',
      why: /^Debian 12.5 is at least 12.5/,
    },
    {
      name: 'decides together with what is pending',
      build: '12.5',
      updates: missing,
      asked: { minimum, within: '14d' },
      verdict: 'fail',
      why: /^2 security updates pending/,
    },
    {
      name: 'decides together with what is not pending',
      build: '12.4',
      updates: current,
      asked: { minimum, within: '14d' },
      verdict: 'fail',
      why: /^Debian 12.4 is older/,
    },
    {
      name: 'passes together',
      build: '12.5',
      updates: current,
      asked: { minimum, within: '14d' },
      verdict: 'pass',
      why: /^no security update is missing/,
    },
    {
      name: 'is no better than what is not known',
      build: '12.5',
      updates: { ...current, pendingSecurity: null },
      asked: { minimum, within: '14d' },
      verdict: 'unknown',
      why: /^which security updates/,
    },
    {
      name: 'that is not known is no better than what is pending',
      build: '',
      updates: missing,
      asked: { minimum, within: '14d' },
      verdict: 'fail',
      why: /^2 security updates pending/,
    },
    {
      name: 'that is not known is not passed',
      build: '',
      updates: current,
      asked: { minimum, within: '14d' },
      verdict: 'unknown',
      why: /^whether Debian 12 is at least 12.5/,
    },
    {
      name: 'for others does not count',
      build: '',
      updates: missing,
      asked: { minimum: { ubuntu: '24.04' } },
      verdict: 'fail',
      why: /^2 security updates pending/,
    },
  ])('$name: $verdict', ({ build, updates, asked, verdict, why }) => {
    const context = { trackedSince: days(-14), ...debian(build) }
    expect(judge(osPatch, updates, asked, context)).toMatchObject({ verdict, why: expect.stringMatching(why) })
  })

  test.each([
    { asked: { minimum }, verdict: 'pass' },
    { asked: { minimum, within: '14d' }, verdict: 'unknown' },
    { asked: { minimum: { debian: '13' }, within: '14d' }, verdict: 'fail' },
    { asked: {}, verdict: 'unknown' },
  ])('where the pending updates could not be read, $asked gives $verdict', ({ asked, verdict }) => {
    const { 'os-updates': _, ...facts } = factsWith(osPatch, current, debian('12.5').others)
    const context = { now: NOW, platform: 'linux' as const, catalogue: CATALOGUE, trackedSince: null }
    expect(asks(osPatch, asked).judge(facts, context).verdict).toBe(verdict)
  })
})

test.each([
  { asked: {}, ask: 'Security updates are installed within 14 days.' },
  {
    asked: { within: '7d', exploited: '3d' },
    ask: 'Security updates are installed within 7 days, 3 days where they fix what is attacked.',
  },
  {
    asked: { minimum: { macos: ['15.7.2', '26.1'] } },
    ask: 'The operating system is at least macos 15.7.2 or 26.1; on others security updates are installed within 14 days.',
  },
  {
    asked: { minimum: { debian: '12.5' }, within: '7d' },
    ask: 'The operating system is at least debian 12.5, and security updates are installed within 7 days.',
  },
])('$asked asks: $ask', ({ asked, ask }) => {
  expect(asks(osPatch, asked).ask).toBe(ask)
})
