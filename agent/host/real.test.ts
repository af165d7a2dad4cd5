import { expect, test } from 'vitest'
import { unread } from './host.ts'
import { bootId, realHost } from './real.ts'
import { recordedHost } from './recorded.ts'
import { programRunner } from './run.ts'

test('this machine has a platform, a clock and no registry', async () => {
  const host = realHost(programRunner(), async () => unread('missing', 'no inventory'))
  expect(['linux', 'macos', 'windows']).toContain(host.platform)
  expect(Math.abs(host.now().getTime() - Date.now())).toBeLessThan(1000)
  expect(await host.readRegistry('HKLM\\SOFTWARE')).toMatchObject({ ok: false, reason: 'failed' })
})

const BOOT = '/proc/sys/kernel/random/boot_id'
const ID = 'f3d2c1b0-0000-4000-8000-0123456789ab'
const CASES = [
  { name: 'the one of the system', content: `${ID}\n`, expected: ID },
  { name: 'a made one where there is none', content: null, expected: 'made' },
  { name: 'a made one where it makes no sense', content: 'permission denied', expected: 'made' },
  { name: 'a made one where it is empty', content: '', expected: 'made' },
]

for (const { name, content, expected } of CASES) {
  test(`the boot id is ${name}`, async () => {
    const entries = [{ kind: 'file' as const, path: BOOT, content }]
    const host = recordedHost({ version: 1, platform: 'linux', recordedAt: '2026-01-01T00:00:00Z', entries })
    expect(await bootId(host, () => 'made')).toBe(expected)
  })
}
