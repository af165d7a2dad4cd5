import { X509Certificate } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { POLICY } from '../../test/fakes/acts.ts'
import { HAS_OPENSSL, openCertificates } from '../../test/fakes/certificates.ts'
import { connectedClient, enrolledClient } from '../../test/fakes/client.ts'
import { testCollector, type TestCollector } from '../../test/fakes/collector.ts'
import { healthyFacts } from '../../test/fakes/facts.ts'
import { ran } from '../../test/fakes/terminal.ts'
import { digest } from '../../shared/jws.ts'
import type { Facts } from '../../shared/signals.ts'

const STRICTER = POLICY.replace('[firewall]', '[firewall, screen-lock]')

let folder: string
let policy: string
let collector: TestCollector | null

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-commands-'))
  policy = join(folder, 'policy.yaml')
  writeFileSync(policy, POLICY)
  collector = await testCollector({ folder, settings: { policy } })
})
afterEach(async () => {
  await collector?.close()
  rmSync(folder, { recursive: true, force: true })
})

const run = (...args: string[]) => ran(...args, '--data', folder, '--policy', policy)
const json = async (...args: string[]) => {
  const { code, out, error } = await run(...args, '--json')
  expect([code, error]).toEqual([0, ''])
  return JSON.parse(out)
}
const stop = async () => {
  await collector?.close()
  collector = null
}
const written = (name: string, text: string) => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

async function device(hostname: string, facts: Facts = healthyFacts(new Date())): Promise<string> {
  const claims = { device: { hostname, manufacturer: 'Example', model: 'Book', serial: '', chassis: 'laptop' } }
  const token = await json('token', 'create', '--owner', `${hostname}@example.com`)
  const client = await enrolledClient(token.enrollment, { claims })
  const conversation = await connectedClient(client)
  await conversation.report(facts)
  return client.deviceId
}
const { 'screen-lock': _lock, ...unlocked } = healthyFacts(new Date())

describe('policy', () => {
  test('apply --dry-run says who would lose what and why, and changes nothing', async () => {
    await device('nightingale', unlocked)
    await device('wren')
    const stricter = written('stricter.yaml', STRICTER)
    const { code, out } = await run('policy', 'apply', stricter, '--dry-run')
    expect(code).toBe(0)
    expect(out).toContain('This device would lose `internal` and `confidential`:')
    expect(out).toMatch(/nightingale +nightingale@example\.com +screen-lock\n/)
    expect(out).not.toContain('wren')
    expect(out).toContain('Something would change for 1 of 2 devices. Nothing has been changed.')
    expect(await json('policy', 'list')).toHaveLength(1)
    expect((await run('policy', 'apply', policy, '--dry-run')).out).toContain('Nothing would change for 2 devices.')
  })

  test('apply waits until all are judged, rollback puts it back, and both keep who did it', async () => {
    await device('nightingale', unlocked)
    const stricter = written('stricter.yaml', STRICTER)
    expect((await run('policy', 'apply', stricter, '--author', 'anna')).out).toMatch(
      /^Version 2 of the policy is in force\. 1 device judged again in \d+\.\d s\.\n$/,
    )
    expect((await json('device', 'list'))[0].tiers).toEqual(['public'])
    expect((await run('policy', 'apply', stricter)).out).toContain('Nothing changed')
    expect((await run('policy', 'rollback', '--no-wait')).out).toContain('are being judged again')
    const { out } = await run('policy', 'list')
    expect(out.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
      'VERSION SINCE BY FROM',
      expect.stringMatching(new RegExp(`^3 \\(in force\\) .* ${userInfo().username} version 1, put back$`)),
      expect.stringMatching(/^2 .* anna policy apply$/),
      expect.stringMatching(/^1 .* the policy file of the configuration$/),
      '',
    ])
  })

  test('show prints a version as it was written', async () => {
    expect((await run('policy', 'show')).out).toBe(POLICY)
    expect(await json('policy', 'show', '1')).toMatchObject({ version: 1, isInForce: true, document: POLICY })
    const missing = await run('policy', 'show', '7')
    expect([missing.code, missing.error]).toEqual([1, expect.stringContaining('(policy-version-unknown)')])
  })

  test('diff compares versions, and the one in force with a file', async () => {
    const stricter = written('stricter.yaml', STRICTER)
    const lines = ['- tiers.internal.checks: firewall', '+ tiers.internal.checks: firewall, screen-lock']
    expect((await run('policy', 'diff', stricter)).out).toBe(
      [`From version 1 to ${stricter}:`, ...lines, ''].join('\n'),
    )
    await run('policy', 'apply', stricter)
    expect((await run('policy', 'diff')).out).toBe(['From version 1 to version 2:', ...lines, ''].join('\n'))
    expect((await run('policy', 'diff', '2', '2')).out).toBe('Version 2 and version 2 say the same.\n')
    expect((await run('policy', 'diff', stricter, '1')).code).toBe(2)
    expect((await run('policy', 'diff', '1', stricter)).code).toBe(2)
  })

  test('one that is not right is refused with a line for each problem', async () => {
    const wrong = written('wrong.yaml', POLICY.replace('[firewall]', '[firewal]').replace('15m', 'soon'))
    for (const more of [[], ['--dry-run']]) {
      const { code, error } = await run('policy', 'apply', wrong, ...more)
      expect(code).toBe(1)
      expect(error.split('\n')).toEqual([
        'muster-collector: The policy is not right:',
        expect.stringMatching(/^ {2}line 2, column \d+: freshness/),
        expect.stringMatching(/^ {2}line 5, column \d+: .*did you mean "firewall"\?/),
        'Mend what is listed. The policy in force stays. (policy-invalid)',
        '',
      ])
    }
  })
})

describe('device', () => {
  test('list, and show by the beginning of an id', async () => {
    const id = await device('nightingale', unlocked)
    const listed = await run('device', 'list', '--check', 'screen-lock', '--verdict', 'unknown')
    expect(listed.out).toContain('There is none.')
    const lines = (await run('device', 'list')).out.split('\n')
    expect(lines[1]).toMatch(
      new RegExp(`^${id.slice(0, 14)} +nightingale +nightingale@example.com +linux +confidential `),
    )
    expect(lines[2]).toBe('1 device')
    const { out } = await run('device', 'show', id.slice(0, 10))
    expect(out).toContain(`${id}\nName `)
    expect(out).toMatch(/^firewall +pass /m)
    expect(await json('device', 'show', id)).toMatchObject({ device: { id }, standing: { deviceId: id } })
  })

  test('a name is not enough, and an id that fits several says which', async () => {
    const [one, two] = [await device('wren'), await device('wren')]
    const byName = await run('device', 'lock-out', 'wren')
    expect([byName.code, byName.out]).toEqual([1, ''])
    expect(byName.error).toContain(`${one.slice(0, 14)} (wren, wren@example.com)`)
    const both = await run('device', 'lock-out', 'dev_')
    expect(both.code).toBe(1)
    expect(both.error).toContain('the ids of 2 devices begin with "dev_"')
    expect(both.error).toContain(two.slice(0, 14))
    expect((await run('device', 'lock-out', 'dev_!')).error).toContain('no device has an id that begins with "dev_!"')
    expect((await json('device', 'list')).map(({ status }: { status: string }) => status)).toEqual(['active', 'active'])
  })

  test('lock-out, readmit, tag, owner, recheck and remove', async () => {
    const id = await device('wren')
    const short = id.slice(0, 14)
    expect((await run('device', 'recheck', id)).out).toContain(`${short} is asked`)
    expect((await run('device', 'lock-out', id)).out).toBe(`${short} (wren) is locked out.\n`)
    expect((await json('device', 'show', id)).standing).toMatchObject({ status: 'locked-out', tiers: [] })
    expect((await run('device', 'approve', id)).error).toContain('(device-status-conflict)')
    expect((await run('device', 'readmit', id)).code).toBe(0)
    expect((await run('device', 'tag', id, '--add', 'lab', '--add', 'pilot')).out).toContain('lab, pilot')
    expect((await run('device', 'tag', id)).code).toBe(2)
    expect((await json('device', 'list', '--tag', 'lab')).length).toBe(1)
    expect((await run('device', 'owner', id)).out).toContain('belongs to nobody')
    expect((await run('device', 'remove', id)).out).toBe(`${short} (wren) is removed.\n`)
    expect((await run('device', 'show', id)).error).toContain('(device-unknown)')
  })

  test('history, and what held at a time', async () => {
    const id = await device('wren')
    const history = await json('device', 'history', id, '--check', 'firewall')
    expect(history.at(-1)).toMatchObject({ check: 'firewall', to: 'pass', policyVersion: 1 })
    const today = new Date().toLocaleDateString('sv-SE')
    const state = await json('device', 'history', id, '--at', today)
    expect(state).toMatchObject({ id, tiers: ['public', 'internal', 'confidential'], forgotten: [] })
    const { out } = await run('device', 'history', id, '--at', new Date().toISOString())
    expect(out).toMatch(/\nAt [\d-]{10} [\d:]{8} it was admitted to: public, internal, confidential\n/)
    expect(out).toMatch(new RegExp(`^firewall +pass .* ${history.at(-1).evidence} +1$`, 'm'))
    expect((await run('device', 'history', id, '--from', '2020-01-01', '--to', '2020-01-02')).out).toBe(
      'Nothing changed in this time.\n',
    )
    expect((await run('device', 'history', id, '--at', '2020-01-01')).out).toContain('No check had been judged.')
    expect((await run('device', 'history', id, '--at', 'then')).code).toBe(2)
    expect((await run('device', 'history', id, '--at', today, '--check', 'firewall')).code).toBe(2)
    expect((await run('device', 'history', id, '--check', 'firewal')).code).toBe(2)
  })
})

test('exception grant, list and end', async () => {
  const { 'secure-boot': _boot, ...withoutBoot } = healthyFacts(new Date())
  const id = await device('wren', withoutBoot)
  const why = ['--reason', 'new firmware', '--approver', 'anna', '--expires', '14d', '--check', 'secure-boot']
  const granted = await run('exception', 'grant', '--device', id.slice(0, 12), ...why)
  expect(granted.out).toMatch(/^exc_\S+: secure-boot is excepted for device \S+ until .*\. That is 1 device now\.\n$/)
  expect((await json('device', 'list'))[0].tiers).toContain('confidential')
  const [exception] = await json('exception', 'list')
  expect(exception).toMatchObject({ device: id, check: 'secure-boot', reason: 'new firmware', approver: 'anna' })
  expect((await run('exception', 'list')).out).toMatch(/secure-boot +\S+ \S+ \(in 13 days\) +anna +new firmware/)
  expect((await run('exception', 'end', exception.id)).out).toContain(`${exception.id} is over`)
  expect((await run('exception', 'list')).out).toBe('There is none.\n')
  expect((await run('exception', 'list', '--all')).out).toContain('ended ')
  expect((await run('exception', 'end', exception.id)).error).toContain('(exception-unknown)')
  expect((await run('exception', 'grant', '--group', 'pilots', ...why)).error).toContain('did you mean "pilot"?')
  expect((await run('exception', 'grant', '--tag', 'a', '--group', 'pilot', ...why)).code).toBe(2)
})

test.skipIf(!HAS_OPENSSL)('gateway create --certificate (skipped where openssl is missing)', async () => {
  const certificates = openCertificates()
  const { certFile, keyFile, cert } = certificates.make('payroll')
  const create = (file: string) => run('gateway', 'create', 'payroll', '--certificate', file)
  expect((await create(certFile)).out).toMatch(/^mgw_\S+\n$/)
  expect((await run('gateway', 'list')).out).toMatch(/PROVED BY[^]*payroll .* key or certificate /)
  const [listed] = await json('gateway', 'list')
  expect(listed.certificate).toBe(digest(new X509Certificate(cert).raw))
  expect(await create(certFile)).toMatchObject({
    code: 1,
    error: expect.stringContaining('it is that of the gateway gw_'),
  })
  expect(await create(keyFile)).toMatchObject({ code: 1, error: expect.stringContaining('(certificate-invalid)') })
  expect(await create(join(folder, 'none.pem'))).toMatchObject({
    code: 1,
    error: expect.stringContaining('cannot be read'),
  })
  certificates.remove()
})

test('gateway create, list and revoke', async () => {
  const made = await json('gateway', 'create', 'script', '--scope', 'admin')
  expect(made).toMatchObject({ name: 'script', scopes: ['admin'], key: expect.stringMatching(/^mgw_/) })
  expect((await run('gateway', 'create', 'wiki')).out).toMatch(/^mgw_\S+\n$/)
  const listed = await run('gateway', 'list')
  expect(listed.out).toMatch(new RegExp(`^${made.id} +script +admin +`, 'm'))
  expect(listed.out).not.toContain('mgw_')
  expect((await run('gateway', 'revoke', made.id)).out).toContain('is revoked')
  expect((await run('gateway', 'revoke', made.id)).error).toContain('(gateway-unknown)')
  expect((await json('gateway', 'list')).map(({ name }: { name: string }) => name)).toEqual(['wiki'])
  expect((await run('gateway', 'create', 'wiki', '--scope', 'decid')).error).toContain('did you mean "decide"?')

  const hosts = ['--host', 'Wiki.Example.com', '--host', 'docs.example.com:8443', '--host', 'wiki.example.com:443']
  const protects = { name: 'docs', scopes: ['decide'], hosts: ['wiki.example.com', 'docs.example.com:8443'] }
  expect(await json('gateway', 'create', 'docs', ...hosts)).toMatchObject(protects)
  expect((await json('gateway', 'list'))[1]).toMatchObject(protects)
  expect((await run('gateway', 'list')).out).toMatch(
    /^\S+ +docs +decide +wiki\.example\.com, docs\.example\.com:8443 +/m,
  )
  const refused = await run('gateway', 'create', 'wiki', '--host', 'https://wiki.example.com')
  expect(refused).toMatchObject({ code: 2, error: expect.stringContaining('begins with a scheme') })
})

test('key list and rotate', async () => {
  const next = await json('key', 'rotate')
  const keys = await json('key', 'list')
  expect(keys.map(({ state }: { state: string }) => state).toSorted()).toEqual(['active', 'next'])
  expect(keys).toContainEqual(next)
  expect((await run('key', 'list')).out).toContain('signs from ')
})

test('releases show and refresh', async () => {
  const shown = await json('releases', 'show')
  expect(shown.lines).toContainEqual(expect.objectContaining({ id: 'debian', version: '13' }))
  expect(shown.sources[0]).toMatchObject({ state: 'good', error: null })
  const { out } = await run('releases', 'show')
  expect(out).not.toContain('Windows 7')
  expect((await run('releases', 'show', '--all')).out).toContain('Windows 7')
  expect((await run('releases', 'refresh')).out).toMatch(/^SOURCE .*\n\S+releases\.yaml +good /)
})

test('token create', async () => {
  expect((await run('token', 'create')).out).toMatch(/^muster1\.\S+\n$/)
  for (const wrong of [
    ['--uses', 'x'],
    ['--uses', '0'],
    ['--expires', 'soon'],
    ['--expires', '1s'],
  ]) {
    const { code, out } = await run('token', 'create', ...wrong)
    expect([wrong, code, out]).toEqual([wrong, 2, ''])
  }
})

test('what a script reads is one line of JSON for every command', async () => {
  await device('wren')
  for (const args of [
    ['device', 'list'],
    ['exception', 'list'],
    ['releases', 'show'],
    ['policy', 'diff', '1', '1'],
  ]) {
    const { out } = await run(...args, '--json')
    expect(out.trimEnd().split('\n')).toHaveLength(1)
    JSON.parse(out)
  }
})

describe('where no collector runs', () => {
  test('commands act on the folder, and what they did counts at the next start', async () => {
    const id = await device('wren')
    await stop()
    const applied = await run('policy', 'apply', written('stricter.yaml', STRICTER))
    expect(applied.out).toBe(
      'Version 2 of the policy is in force. No collector runs here: it counts from the next start.\n',
    )
    expect((await run('device', 'lock-out', id)).code).toBe(0)
    expect((await run('device', 'recheck', id)).out).toContain('no collector runs here')
    expect((await run('policy', 'apply', policy, '--dry-run')).out).toContain('counts as stale')
    const granted = ['--tag', 'lab', '--check', 'firewall', '--reason', 'r', '--expires', '1d']
    expect((await run('exception', 'grant', ...granted)).code).toBe(0)
    collector = await testCollector({ folder, settings: { policy } })
    expect((await json('policy', 'show')).version).toBe(2)
    expect((await json('device', 'show', id)).standing.status).toBe('locked-out')
    expect(await json('exception', 'list')).toHaveLength(1)
  })

  test('but not on one in which no collector was ever started', async () => {
    const other = join(folder, 'other')
    for (const args of [
      ['gateway', 'create', 'wiki'],
      ['device', 'list'],
      ['audit', 'verify'],
      ['audit', 'export'],
    ]) {
      const { code, out, error } = await ran(...args, '--data', other)
      expect([code, out, error]).toEqual([1, '', expect.stringContaining(`started on the data folder ${other}. Give`)])
    }
    expect(existsSync(other)).toBe(false)
  })

  test('but not on one whose socket is gone while it runs', async () => {
    const pointer = join(folder, 'collector', 'control.path')
    const path = readFileSync(pointer, 'utf8')
    rmSync(pointer)
    expect((await run('device', 'list')).error).toContain('(data-folder-in-use)')
    writeFileSync(pointer, path)
    expect((await run('device', 'list')).code).toBe(0)
  })
})

test('a configuration that is not right ends with what is wrong', async () => {
  const { code, error } = await ran('device', 'list', '--data', folder, '--port', 'many')
  expect([code, error]).toEqual([1, expect.stringContaining('(config-invalid)')])
})

test('a file that is not there is a failure, not wrong usage', async () => {
  const { code, error } = await run('policy', 'apply', join(folder, 'nothing.yaml'))
  expect([code, error]).toEqual([1, expect.stringContaining('nothing.yaml cannot be read')])
})
