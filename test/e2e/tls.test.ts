import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { enroll } from '../../agent/enroll.ts'
import { openConnection } from '../../agent/connection.ts'
import { createSoftwareKey } from '../../agent/identity/software.ts'
import { checkFiles } from '../../collector/collector.ts'
import { readConfig } from '../../collector/config.ts'
import { parseEnrollmentString } from '../../shared/enrollment.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'

const folder = mkdtempSync(join(tmpdir(), 'muster-tls-'))
const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
const made = spawnSync('openssl', [
  ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'.split(' '),
  ...names,
  '-keyout',
  key,
  '-out',
  cert,
])
const hasCertificate = made.status === 0

let collector: TestCollector | undefined
beforeAll(async () => {
  if (!hasCertificate) return
  collector = await testCollector({ settings: { 'tls-cert': cert, 'tls-key': key } })
})
afterAll(async () => {
  await collector?.close()
  rmSync(folder, { recursive: true })
})

test.skipIf(!hasCertificate)(
  'a self-signed certificate is trusted by its pin, and by nothing else (skipped where openssl is missing)',
  async () => {
    const ticket = parseEnrollmentString((await collector?.enrollment()) ?? '')
    expect(ticket.pin).toMatch(/^[\w-]{43}$/)
    const applicant = {
      key: await createSoftwareKey(join(folder, 'device.pem')),
      platform: 'linux' as const,
      device: { hostname: 'laptop', manufacturer: '', model: '', serial: '', chassis: '' },
    }
    const { pin, ...unpinned } = ticket
    await expect(enroll(unpinned, applicant, () => new Date())).rejects.toMatchObject({ code: 'collector-unreachable' })
    const wrong = { ...ticket, pin: `${pin?.startsWith('A') ? 'B' : 'A'}${pin?.slice(1)}` }
    await expect(enroll(wrong, applicant, () => new Date())).rejects.toMatchObject({ code: 'collector-unreachable' })

    const { enrollment } = await enroll(ticket, applicant, () => new Date())
    const first = await new Promise<string>((resolve, reject) => {
      const connection = openConnection(enrollment, 'test', {
        opened: () => undefined,
        text(json) {
          resolve(json)
          connection.close('agent-stopping')
        },
        closed: ({ why }) => reject(new Error(why)),
      })
    })
    expect(first).toContain('challenge')
  },
)

const days = (count: number) => new Date(Date.now() + count * 86_400_000)

test.skipIf(!hasCertificate).each([
  ['before its time', days(-1), /it is not good before 20/],
  ['after its time', days(3), /it ended 20/],
])('a certificate %s is said to be so, at a start and by check-config', async (_when, now, why) => {
  const settings = { 'tls-cert': cert, 'tls-key': key }
  expect(() => checkFiles(readConfig({ data: folder, ...settings }, {}), now)).toThrow(why)
  const late = await testCollector({ settings, now })
  expect(late.logged.filter((line) => line.includes('our certificate'))).toEqual([expect.stringMatching(why)])
  await late.close()
})

test.skipIf(!hasCertificate)('nothing is said of one that is good', () => {
  expect(checkFiles(readConfig({ data: folder, 'tls-cert': cert, 'tls-key': key }, {}))).toEqual([])
  expect(collector?.logged.join()).not.toContain('our certificate')
})
