import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { parseEnrollmentString } from '../../shared/enrollment.ts'
import { runCommand } from '../../installers/quickstart/programs.ts'
import { CHECKS } from '../../shared/standing.ts'

const MAIN = join(import.meta.dirname, '../../installers/quickstart/main.ts')

type Quickstart = Record<
  'collectorUrl' | 'consoleUrl' | 'deviceId' | 'gatewayKey' | 'enrollment' | 'socketPath',
  string
>

let data: string
let child: ChildProcess | null = null

beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'muster-quickstart-'))
})
afterEach(() => {
  child?.kill('SIGTERM')
})
afterAll(() => rmSync(data, { recursive: true, force: true }))

const quickstart = () => JSON.parse(readFileSync(join(data, 'quickstart.json'), 'utf8')) as Quickstart

/** What `npm start -- ...` runs, to its end. */
function start(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const running = spawn(process.execPath, [MAIN, '--data', data, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  running.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  running.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  return new Promise((resolve) => running.once('close', (code) => resolve({ code, out, err })))
}

// Each starts whole programs, which on a machine that has other work to do takes many times as long.
describe('npm start', { timeout: 60_000 }, () => {
  let first: Quickstart

  test('--once prints verdicts, tiers, the attestation and the question of a gateway, and exits 0', async () => {
    const { code, out, err } = await start('--once', '--port', '0')
    expect(err).toBe('')
    expect(code).toBe(0)
    for (const { title } of Object.values(CHECKS)) expect(out).toContain(title)
    expect(out).toMatch(/Admitted to: .*public/)
    expect(out).toContain('"ear_status"')
    expect(out).toMatch(/curl -s http:\/\/127\.0\.0\.1:\d+\/access\/v1\/evaluation/)
    first = quickstart()
    expect(first.deviceId).toMatch(/^dev_/)
    expect(first.consoleUrl).toMatch(/^http:\/\/localhost:\d+\/$/)
    expect(parseEnrollmentString(first.enrollment).url).toBe(first.collectorUrl)
    expect(statSync(join(data, 'quickstart.json')).mode & 0o077).toBe(0)
  })

  test('again, on whatever port, is the same device with the same gateway key; it stays up until it is told to stop', async () => {
    child = spawn(process.execPath, [MAIN, '--data', data, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise<number | null>((resolve) => child?.once('close', resolve))
    await new Promise<void>((resolve) => {
      let out = ''
      child?.stdout?.on('data', (chunk: Buffer) => {
        out += chunk.toString()
        if (out.includes('Running until Ctrl-C')) resolve()
      })
    })
    const again = quickstart()
    expect(again).toMatchObject({ deviceId: first.deviceId, gatewayKey: first.gatewayKey })
    expect(again.enrollment).not.toBe(first.enrollment)
    expect(statSync(again.socketPath).isSocket()).toBe(true)
    const headers = { authorization: `Bearer ${again.gatewayKey}`, 'muster-device': again.deviceId }
    expect((await fetch(`${again.collectorUrl}/v1/forward-auth/public`, { headers })).status).toBe(200)
    expect((await fetch(`${again.collectorUrl}/ssf/stream`, { headers })).status).toBe(200)
    // What an admin tries out ends nothing: the agent is turned away, and comes back.
    const mayPass = async () => (await fetch(`${again.collectorUrl}/v1/forward-auth/public`, { headers })).status
    await runCommand(['collector/main.ts', 'device', 'lock-out', first.deviceId, '--data', data])
    expect(await mayPass()).toBe(403)
    const log = () => readFileSync(join(data, 'agent.log'), 'utf8')
    await expect.poll(log, { timeout: 20_000 }).toContain('device-locked-out')
    await runCommand(['collector/main.ts', 'device', 'readmit', first.deviceId, '--data', data])
    expect(await mayPass()).toBe(200)
    child.kill('SIGINT')
    expect(await ended).toBe(0)
    await expect(fetch(again.collectorUrl)).rejects.toThrow(/fetch failed/)
  })

  test('a machine that was locked out is told how it is readmitted', async () => {
    await runCommand(['collector/main.ts', 'device', 'lock-out', first.deviceId, '--data', data])
    const { code, err } = await start('--once', '--port', new URL(quickstart().collectorUrl).port)
    expect([code, err]).toEqual([
      1,
      `npm start: this machine is locked out; readmit it, then start again: npx muster-collector device readmit dev_ --data ${data}\n`,
    ])
    await runCommand(['collector/main.ts', 'device', 'readmit', 'dev_', '--data', data])
    expect((await start('--once', '--port', '0')).code).toBe(0)
  })

  test('a port that is taken is said in one line with what to do', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const { code, err } = await start('--once', '--port', String(port))
    other.close()
    expect(code).toBe(1)
    expect(err).toContain(`cannot listen on 127.0.0.1:${port}`)
    expect(err.trim().split('\n')).toHaveLength(1)
  })

  test.each([['--prot', '1'], ['--port', 'x'], ['more']])('%s is wrong usage', async (...args) => {
    expect((await start(...args)).code).toBe(2)
  })
})
