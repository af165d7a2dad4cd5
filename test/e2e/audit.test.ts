import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { ran } from '../fakes/terminal.ts'

let folder: string
let collector: TestCollector | null
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-commands-'))
  collector = await testCollector({ folder })
})
afterEach(async () => {
  await stop()
  rmSync(folder, { recursive: true, force: true })
})

const run = (...args: string[]) => ran(...args, '--data', folder)
const stop = async () => {
  await collector?.close()
  collector = null
}

type Line = Record<string, unknown> & { seq: number; at: string; hash: string }
const linesIn = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)
const exported = async (...args: string[]) => linesIn((await run('audit', 'export', ...args)).out)

function tampered(sql: string): void {
  const db = new Sqlite(join(folder, 'collector', 'muster.db'))
  db.exec(sql)
  db.close()
}

/** A denial each for some devices, and an allow. */
async function decided(): Promise<void> {
  const key = (await run('gateway', 'create', 'wiki', '--scope', 'decide', '--scope', 'vouch')).out.trim()
  for (const device of ['dev_ä', 'dev_"b"']) {
    await fetch(`${collector?.issuerUrl}/v1/forward-auth/internal`, {
      headers: { 'muster-gateway-key': key, 'muster-device': encodeURIComponent(device) },
    })
  }
}

const hasPython = spawnSync('python3', ['--version']).status === 0

describe('verify', () => {
  test('says of a log that is whole where it ends, while the collector runs and when it has stopped', async () => {
    await decided()
    const running = await run('audit', 'verify')
    expect([running.code, running.error]).toEqual([0, ''])
    const last = (await exported()).at(-1)!
    expect(running.out).toBe(
      `${last.seq} lines, up to line ${last.seq}: all as they were written. The hash of the last is ${last.hash}\n`,
    )
    await stop()
    const { code, out } = await run('audit', 'verify', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({
      ok: true,
      lines: last.seq + 1,
      finding: null,
      head: expect.objectContaining({ first: 1, previous: null, seq: last.seq + 1 }),
      publicKey: expect.stringMatching(/^[\w-]{43}$/),
    })
  })

  test('names the first line that is wrong, and exits with 1', async () => {
    await decided()
    tampered(
      `update audit set line = replace(line, 'device-unknown', 'not-admitted') where line like '%device-unknown%'`,
    )
    const wrong = (await exported()).find(({ code }) => code === 'not-admitted')!
    for (const isRunning of [true, false]) {
      if (!isRunning) await stop()
      const { code, out, error } = await run('audit', 'verify')
      expect([code, out]).toEqual([1, ''])
      expect(error).toContain(`The audit log is not what was written: line ${wrong.seq}: it is not what was written`)
      expect(error).toContain('(audit-damaged)')
    }
    const json = await run('audit', 'verify', '--json')
    expect(json.code).toBe(1)
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, lines: wrong.seq - 1, finding: { seq: wrong.seq } })
    expect((await run('audit', 'verify', '--after', String(wrong.seq + 1))).code).toBe(0)
  })

  test('says when there is nothing to read, and makes nothing', async () => {
    const { code, error } = await ran('audit', 'verify', '--data', join(folder, 'nowhere'))
    expect([code, error]).toEqual([1, expect.stringContaining('No collector was ever started')])
    await stop()
    rmSync(join(folder, 'collector', 'audit-key'))
    expect(await run('audit', 'verify')).toMatchObject({ code: 1, error: expect.stringContaining('no audit-key') })
    expect(await run('audit', 'verify')).toMatchObject({ code: 1, error: expect.stringContaining('no audit-key') })
  })

  test.each(['0', '-1', 'x', '1.5'])('takes no line number like %s', async (given) => {
    expect((await run('audit', 'verify', '--after', given)).code).toBe(2)
  })
})

describe('export', () => {
  test('has who changed what, from the command line and over HTTP', async () => {
    const key = await collector!.gatewayKey('admin')
    const user = userInfo().username
    await run('token', 'create')
    await fetch(`${collector!.issuerUrl}/v1/admin/keys/rotate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
    })
    await stop()
    await run('gateway', 'create', 'later')
    const acts = (await exported()).map(({ who, act, details }) => [
      who,
      act,
      (details as { outcome?: string }).outcome,
    ])
    expect(acts.filter(([, , outcome]) => outcome === 'done')).toEqual([
      ['user unknown', 'gateway-create', 'done'],
      [`user ${user}`, 'token-create', 'done'],
      [expect.stringMatching(/^gateway test \(gw_/), 'key-rotate', 'done'],
      [`user ${user}`, 'gateway-create', 'done'],
    ])
    const own = acts.filter(([who]) => who === 'collector').map(([, act]) => act)
    expect(own).toEqual(['policy-adopt', 'start', 'keys-change', 'stop'])
  })

  test('of a span of time has what lies in it', async () => {
    const clock = collector!.clock
    for (let n = 0; n < 5; n++) {
      await run('token', 'create')
      clock.now = new Date(clock.now.getTime() + 60_000)
    }
    const all = await exported()
    const [from, to] = [all.at(-6)!.at, all.at(-2)!.at]
    expect(await exported('--from', from, '--to', to)).toEqual(all.filter(({ at }) => at >= from && at < to))
    expect(await exported('--from', '2099-01-01')).toEqual([])
    expect((await run('audit', 'export', '--from', 'soon')).code).toBe(2)
  })

  test.skipIf(!hasPython)('can be verified by the script in the documents, and by nothing of ours', async () => {
    await decided()
    const { out } = await run('audit', 'export')
    const page = readFileSync(join(import.meta.dirname, '../../docs/audit.md'), 'utf8')
    const [, script = ''] = /^```python\n(.*?)^```/ms.exec(page) ?? []
    const check = (input: string) => {
      const { status, stdout, stderr } = spawnSync('python3', ['-c', script], { input, encoding: 'utf8' })
      return [status, stdout + stderr]
    }
    const lines = out.trimEnd().split('\n')
    const last = JSON.parse(lines.at(-1)!) as Line
    expect(check(out)).toEqual([0, `all follow one another up to line ${last.seq}, ${last.hash}\n`])
    expect(check(out.replace('"tier":"internal"', '"tier":"public"'))).toEqual([
      1,
      expect.stringMatching(/^line \d+ is not/),
    ])
    expect(check(lines.toSpliced(1, 1).join('\n'))).toEqual([1, 'line 3 does not follow line 1\n'])
    expect(check('')).toEqual([0, 'there is no line\n'])
  })
})

test('while it stops, every decision that is answered is on record', async () => {
  const key = (await run('gateway', 'create', 'wiki', '--scope', 'decide', '--scope', 'vouch')).out.trim()
  const url = `${collector!.issuerUrl}/v1/forward-auth/internal`
  const answered: string[] = []
  const asking = Array.from({ length: 8 }, async (_, one) => {
    for (let n = 0; ; n++) {
      const device = `dev_${one}_${n}`
      const response = await fetch(url, { headers: { 'muster-gateway-key': key, 'muster-device': device } }).catch(
        () => null,
      )
      if (!response) return
      if (response.status === 403) answered.push(device)
    }
  })
  await expect.poll(() => answered.length).toBeGreaterThan(100)
  await Promise.all([stop(), ...asking])
  const kept = new Set((await exported()).map(({ device }) => device))
  expect(answered.filter((device) => !kept.has(device))).toEqual([])
  expect((await run('audit', 'verify')).code).toBe(0)
})

test('kill -9 costs no denial from before something that was acknowledged, no act, and breaks nothing', async () => {
  await stop()
  const main = join(import.meta.dirname, '../../collector/main.ts')
  const started = async () => {
    const child = spawn(process.execPath, [main, 'serve', '--data', folder, '--port', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const line of createInterface({ input: child.stdout })) {
      const { issuer, msg } = JSON.parse(line) as { issuer?: string; msg?: string }
      if (msg === 'collector started') return { child, url: String(issuer) }
    }
    throw new Error('the collector did not start')
  }
  const denied: string[] = []
  for (let round = 0; round < 2; round++) {
    const { child, url } = await started()
    const key = (await run('gateway', 'create', `wiki-${round}`, '--scope', 'decide', '--scope', 'vouch')).out.trim()
    const ask = (device: string) =>
      fetch(`${url}/v1/forward-auth/internal`, { headers: { 'muster-gateway-key': key, 'muster-device': device } })
    for (let n = 0; n < 50; n++) {
      denied.push(`dev_${round}_${n}`)
      await ask(`dev_${round}_${n}`)
    }
    // The last that is acknowledged; what is asked after it may be lost.
    await run('token', 'create', '--owner', `round-${round}@example.com`)
    for (let n = 0; n < 20; n++) void ask('dev_late').catch(() => undefined)
    const dead = once(child, 'exit')
    child.kill('SIGKILL')
    await dead
    expect((await run('audit', 'verify')).code).toBe(0)
  }
  const all = await exported()
  const kept = all.filter(({ kind, device }) => kind === 'denied' && device !== 'dev_late').map(({ device }) => device)
  expect(kept).toEqual(denied)
  const tokens = all.filter(
    ({ act, details }) => act === 'token-create' && (details as { outcome?: string }).outcome === 'done',
  )
  expect(tokens.length).toBe(2)
  expect(all.filter(({ kind }) => kind === 'damaged')).toEqual([])
  expect(all.map(({ act }) => act).filter((act) => act === 'start').length).toBe(3)
})
