import { expect, test } from 'vitest'
import { recordedHost, type RecordingEntry } from '../../host/recorded.ts'
import type { Platform } from '../../../shared/signals.ts'
import { endpointProtection } from './probe.ts'
import { recordedCommand } from '../../../test/fakes/recording.ts'

const AID = '5b0c9d3e7f214a6b9c110d2e4f6a8b13'
const falcon = (rfm: string) =>
  recordedCommand(
    '/opt/CrowdStrike/falconctl',
    ['-g', '--aid', '--cid', '--rfm-state', '--version'],
    `cid="0011223344556677889900aabbccddee", aid="${AID}", rfm-state=${rfm}, version = 7.18.17106.0\n`,
  )
const active = (word: string) => recordedCommand('systemctl', ['is-active', 'falcon-sensor'], `${word}\n`)
const status = (mode: string) =>
  recordedCommand(
    'powershell',
    ['-Command', 'Get-MpComputerStatus | ConvertTo-Json'],
    JSON.stringify({ AMRunningMode: mode, AntivirusEnabled: true, RealTimeProtectionEnabled: true }),
  )

/** What people record by hand: the answers of the product's own tool, and little besides. */
const cases: readonly { name: string; platform: Platform; entries: RecordingEntry[]; expected: string[] | string }[] = [
  { name: 'nothing at all', platform: 'linux', entries: [], expected: 'unreadable' },
  { name: 'its tool alone', platform: 'linux', entries: [falcon('false')], expected: ['crowdstrike-falcon unknown'] },
  {
    name: 'its tool, and that it runs',
    platform: 'linux',
    entries: [falcon('false'), active('active')],
    expected: ['crowdstrike-falcon healthy'],
  },
  {
    name: 'its tool, and that it does not run',
    platform: 'linux',
    entries: [falcon('false'), active('inactive')],
    expected: ['crowdstrike-falcon off'],
  },
  {
    name: 'its tool, with something wrong',
    platform: 'linux',
    entries: [falcon('true'), active('active')],
    expected: ['crowdstrike-falcon degraded'],
  },
  { name: 'that it runs alone', platform: 'linux', entries: [active('active')], expected: 'unreadable' },
  {
    name: 'the text of mdatp',
    platform: 'linux',
    entries: [
      recordedCommand('mdatp', ['health'], 'healthy                 : false\nreal_time_protection_enabled : false\n'),
    ],
    expected: ['microsoft-defender degraded'],
  },
  {
    name: 'the status of Defender, which is passive',
    platform: 'windows',
    entries: [status('Passive Mode')],
    expected: ['microsoft-defender degraded'],
  },
  {
    name: 'the status of Defender alone: its word that it runs is not enough',
    platform: 'windows',
    entries: [status('Normal')],
    expected: ['microsoft-defender unknown'],
  },
]

for (const { name, platform, entries, expected } of cases) {
  test(`${platform}: ${name}`, async () => {
    const host = recordedHost({ version: 1, platform, recordedAt: '2026-11-20T12:00:00Z', entries })
    const reading = await endpointProtection().probe(host)
    const told =
      reading.kind === 'value'
        ? reading.value.products.map(({ product, state }) => `${product} ${state}`)
        : reading.kind
    expect(told).toEqual(expected)
  })
}
