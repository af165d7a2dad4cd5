import { expect, test } from 'vitest'
import { dryRunText } from './dry-run.ts'

const NOW = new Date('2026-11-25T12:00:00Z')
const running = { isRunning: () => true, now: () => NOW }

type DryRun = Parameters<typeof dryRunText>[0]
type Change = DryRun['changes'][number]
const change = (hostname: string, otherwise: Partial<Change>): Change => ({
  deviceId: `dev_${hostname}`,
  hostname,
  owner: `${hostname}@example.com`,
  before: [],
  after: [],
  gains: [],
  loses: [],
  willLose: [],
  ...otherwise,
})
const tier = (name: string, counts: Partial<DryRun['tiers'][number]> = {}) => ({
  tier: name,
  before: 3,
  after: 3,
  gain: 0,
  lose: 0,
  willLose: 0,
  ...counts,
})

test('who loses, who will and who gains, by name and owner, with why and until when', () => {
  const text = dryRunText(
    {
      devices: 1204,
      changed: 3,
      tiers: [
        tier('public'),
        tier('internal', { after: 2, lose: 1, willLose: 1 }),
        tier('confidential', { lose: 1, gain: 1 }),
      ],
      changes: [
        change('kestrel', {
          loses: [
            { tier: 'internal', checks: ['firewall', 'screen-lock'] },
            { tier: 'confidential', checks: ['firewall', 'screen-lock'] },
          ],
        }),
        change('robin', {
          owner: null,
          willLose: [{ tier: 'internal', checks: ['firewall'], on: '2026-12-02T12:00:00Z' }],
        }),
        change('wren', { gains: [{ tier: 'confidential', checks: ['secure-boot'] }] }),
      ],
    },
    running,
  )
  const [numbers, loses, keeps, gains, last] = text.split('\n\n')
  expect(numbers?.split('\n')[2]).toBe('internal      3    2     1     0     1')
  expect(loses).toBe(
    [
      'This device would lose `internal` and `confidential`:',
      '  DEVICE   OWNER                WHY',
      '  kestrel  kestrel@example.com  firewall, screen-lock',
    ].join('\n'),
  )
  expect(keeps?.split('\n')[0]).toBe('This device would keep `internal` for a while only:')
  expect(keeps).toMatch(/robin +- +firewall until 2026-12-02 \d\d:\d\d \(in 7 days\)$/)
  expect(gains).toMatch(/^This device would gain `confidential`:\n.*\n +wren .* no longer closed by secure-boot$/)
  expect(last).toBe('Something would change for 3 of 1,204 devices. Nothing has been changed.')
})

test('of many only some are named, and none is said to be the same as another that was not looked at', () => {
  const loses = ['internal', 'confidential'].map((name) => ({ tier: name, checks: ['firewall'] }))
  const text = dryRunText(
    {
      devices: 10_000,
      changed: 1204,
      tiers: [tier('internal', { lose: 1204 }), tier('confidential', { lose: 1204 })],
      changes: [change('kestrel', { loses })],
    },
    running,
  )
  expect(text).toContain('These 1,204 devices would lose `internal`:\n')
  expect(text).toContain('These 1,204 devices would lose `confidential`:\n')
  expect(text).toContain('  and 1,203 more: --all names them\n')
})

test('nothing at all', () => {
  expect(dryRunText({ devices: 1, changed: 0, tiers: [], changes: [] }, running)).toContain(
    'Nothing would change for 1 device.',
  )
})
