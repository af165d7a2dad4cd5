import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { enrollmentString } from '../shared/enrollment.ts'
import { deviceIdOf, type PublicJwk } from '../shared/jws.ts'
import { parserOf } from '../shared/schema.ts'
import { Facts, SIGNAL_IDS } from '../shared/signals.ts'
import type { Ran, Unread } from './host/host.ts'
import { programRunner } from './host/run.ts'
import { makePrivate, openState } from './state.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-main-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

/** Runs the program itself. Our runner takes no arguments for scripts, so a script of the test brings them. */
async function agent(...args: string[]): Promise<Ran> {
  const script = join(folder, 'start.ts')
  writeFileSync(
    script,
    `const { main } = await import(${JSON.stringify(MAIN)})\nprocess.exitCode = await main(${JSON.stringify(args)})`,
  )
  const ran: Ran | Unread = await programRunner().runNode(script, { timeoutMs: 20_000 })
  if (!ran.ok) throw new Error(ran.why)
  return ran
}

/** What kind of fact each signal is, of what `check --json` printed. */
function kinds({ stdout }: Ran): string[] {
  return Object.entries((JSON.parse(stdout) as { facts: Facts }).facts).map(([id, { kind }]) => `${id} ${kind}`)
}

describe('usage', () => {
  const wrong: { args: string[]; says: RegExp }[] = [
    { args: [], says: /A command is needed/ },
    { args: ['dance'], says: /no command "dance"/ },
    { args: ['toString'], says: /no command "toString"/ },
    { args: ['check', 'more'], says: /check takes no operand/ },
    { args: ['enroll'], says: /enroll needs one string/ },
    { args: ['enroll', 'a', 'b'], says: /enroll needs one string/ },
    { args: ['record'], says: /record needs one folder/ },
    { args: ['proof'], says: /proof needs one url/ },
    { args: ['proof', 'wiki.example.com'], says: /cannot be proved/ },
    { args: ['proof', 'https://wiki.example.com', '--method', 'GET /'], says: /cannot be proved/ },
    { args: ['run', '--json'], says: /run has no option --json/ },
    { args: ['status', '--recording', 'x'], says: /status has no option --recording/ },
    { args: ['check', '--loud'], says: /'--loud'/ },
    { args: ['check', '--data'], says: /'--data/ },
  ]
  for (const { args, says } of wrong) {
    test(`"muster-agent ${args.join(' ')}" is wrong usage`, async () => {
      const { exitCode, stdout, stderr } = await agent(...args)
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
      expect(stderr).toMatch(says)
      expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    })
  }

  test('--help teaches and --version tells', async () => {
    const help = await agent('--help')
    expect(help.exitCode).toBe(0)
    for (const command of ['enroll', 'run', 'status', 'proof', 'check', 'unenroll'])
      expect(help.stdout).toContain(`  ${command}`)
    expect(await agent('--version')).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })
})

describe('failures say in one line what to do', () => {
  const cases: { args: string[]; says: RegExp }[] = [
    { args: ['run'], says: /not enrolled.*muster-agent enroll STRING.*\(not-enrolled\)/ },
    { args: ['unenroll'], says: /\(not-enrolled\)/ },
    { args: ['status'], says: /No agent answers.*muster-agent run/ },
    { args: ['enroll', 'nonsense'], says: /begins with "muster1\."/ },
    { args: ['enroll', enrollmentString({ url: 'http://192.0.2.1', secret: 's'.repeat(43) })], says: /not encrypted/ },
    { args: ['check', '--recording', '/nowhere'], says: /recording.json.*\(recording-invalid\)/ },
  ]
  for (const { args, says } of cases) {
    test(`muster-agent ${args.join(' ').slice(0, 40)}`, async () => {
      const { exitCode, stdout, stderr } = await agent(...args, '--data', folder)
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
      expect(stderr).toMatch(says)
      expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    })
  }

  test('an enrolment that fails leaves nothing behind', async () => {
    const string = enrollmentString({ url: 'http://127.0.0.1:1', secret: 's'.repeat(43) })
    expect(await agent('enroll', string, '--data', folder)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('(collector-unreachable)'),
    })
    expect(await openState(folder).readEnrollment()).toBeNull()
  })

  test('a second enrolment does not replace the first', async () => {
    const state = openState(folder)
    await makePrivate(state.folder)
    const url = 'http://127.0.0.1:1'
    await state.saveEnrollment({ url, issuer: url, deviceId: `dev_${'d'.repeat(43)}` })
    const { exitCode, stderr } = await agent(
      'enroll',
      enrollmentString({ url, secret: 's'.repeat(43) }),
      '--data',
      folder,
    )
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('(already-enrolled)') })
  })
})

describe('check', () => {
  test('reads this machine without collector, enrolment or state', async () => {
    const { exitCode, stdout } = await agent('check', '--json', '--data', join(folder, 'none'))
    expect(exitCode).toBe(0)
    const { facts } = JSON.parse(stdout) as { facts: unknown }
    expect(parserOf(Facts)(facts)).toMatchObject({ ok: true })
    expect(Object.keys(facts as object).toSorted()).toEqual(SIGNAL_IDS.toSorted())
  })

  test('records this machine, and reads of the recording what it read of the machine', async () => {
    const place = join(folder, 'recorded')
    const recorded = await agent('record', place, '--json')
    expect(JSON.parse(recorded.stdout)).toMatchObject({ path: join(place, 'recording.json'), differing: [] })
    const [live, replayed] = await Promise.all([
      agent('check', '--json'),
      agent('check', '--json', '--recording', place),
    ])
    expect(kinds(replayed)).toEqual(kinds(live))
  })

  test('reads a recording on any system, and what it lacks is not a value', async () => {
    mkdirSync(join(folder, 'recording'))
    const entries = [
      { kind: 'file', path: '/etc/os-release', content: 'ID=debian\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n' },
    ]
    const recording = { version: 1, platform: 'linux', recordedAt: '2026-01-02T03:04:05Z', entries }
    writeFileSync(join(folder, 'recording', 'recording.json'), JSON.stringify(recording))
    const { stdout } = await agent('check', '--json', '--recording', join(folder, 'recording'))
    const { facts } = JSON.parse(stdout) as { facts: Facts }
    expect(facts.os).toMatchObject({ kind: 'value', value: { id: 'debian' }, observedAt: '2026-01-02T03:04:05.000Z' })
    const values = Object.entries(facts).filter(([, { kind }]) => kind === 'value')
    expect(values.map(([id]) => id)).toEqual(['os'])
  })

  test('prints a line for each signal', async () => {
    const { stdout } = await agent('check')
    expect(stdout.trimEnd().split('\n')).toHaveLength(SIGNAL_IDS.length)
    expect(stdout).toContain('Disk encryption')
  })
})

/** What a collector answers over HTTP to those who join and leave; it has no WebSocket. */
async function fakeCollector() {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += String(chunk)))
    request.on('end', () => {
      const answer = (status: number, it: object) => response.writeHead(status).end(JSON.stringify(it))
      if (request.url === '/v1/enrollments/nonce') answer(200, { nonce: 'n'.repeat(32), expiresIn: 300 })
      else if (request.method === 'DELETE') response.writeHead(204).end()
      else if (request.url !== '/v1/enrollments') answer(404, {})
      else answer(201, { deviceId: deviceIdIn(body), issuer: url, status: 'pending' })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url, stop, enrollment: enrollmentString({ url, secret: 's'.repeat(43) }) }
}

/** Runs an agent in a process of its own, in which `meanwhile` happens after a second. */
async function runAnd(meanwhile: string): Promise<Ran> {
  const script = join(folder, 'run.ts')
  writeFileSync(
    script,
    `const { main } = await import(${JSON.stringify(MAIN)})
     const data = ['--data', ${JSON.stringify(folder)}]
     setTimeout(async () => { ${meanwhile} }, 1000)
     process.exitCode = await main(['run', ...data])`,
  )
  const ran = await programRunner().runNode(script, { timeoutMs: 15_000 })
  if (!ran.ok) throw new Error(ran.why)
  return ran
}

const eventsOf = ({ stderr }: Ran): unknown[] =>
  stderr
    .trimEnd()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): unknown => JSON.parse(line).event)
    // Agents of other tests may have all of them.
    .filter((event) => event !== 'browsers cannot be answered: all ports are taken')

/** For `meanwhile`: asks as the page of an issuer does, on every port; true where the agent of this issuer answers. */
const ANSWERS_BROWSERS = `async (issuer) => {
  const answers = await Promise.all([7411, 7412, 7413, 7414, 7415].map((port) =>
    fetch('http://127.0.0.1:' + port + '/v1/hello', { headers: { origin: issuer } })
      .then((answer) => answer.json()).catch(() => null)))
  return answers.some((it) => it?.issuer === issuer)
}`

describe('enroll, run, status, unenroll', () => {
  test('a device joins, runs, is asked, stops without being waited for, and leaves', async () => {
    const { url, enrollment, stop } = await fakeCollector()
    expect(await agent('enroll', enrollment, '--data', folder)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^Enrolled at .*\nAn admin has to approve/),
    })

    const ran = await runAnd(
      `process.kill(process.pid, 'SIGHUP')
       await main(['status', '--json', ...data])
       console.log('answers browsers:', await (${ANSWERS_BROWSERS})(${JSON.stringify(url)}))
       const told = Date.now()
       process.once('exit', () => console.log('ended after', Date.now() - told, 'ms'))
       process.kill(process.pid, 'SIGTERM')`,
    )
    expect(ran.exitCode).toBe(0)
    const status = /^\{[\s\S]*?^\}/m.exec(ran.stdout)?.[0]
    expect(JSON.parse(status ?? '')).toMatchObject({ collectorUrl: url, connection: { state: 'waiting' } })
    expect(ran.stderr.includes('all ports are taken') || ran.stdout.includes('answers browsers: true')).toBe(true)
    expect(Number(/ended after (\d+)/.exec(ran.stdout)?.[1])).toBeLessThan(3000)
    expect(eventsOf(ran)).toEqual(['the collector is not connected', 'stopped'])

    expect(await agent('unenroll', '--data', folder)).toMatchObject({ exitCode: 0 })
    expect(await agent('run', '--data', folder)).toMatchObject({ exitCode: 1 })
    stop()
  })

  test('an agent that is unenrolled while it runs ends, with the key that it still held', async () => {
    const { enrollment, stop } = await fakeCollector()
    await agent('enroll', enrollment, '--data', folder)
    const ran = await runAnd(`await main(['unenroll', ...data])`)
    expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('its key is destroyed') })
    expect(eventsOf(ran).at(-1)).toBe('stopped')
    stop()
  })
})

function deviceIdIn(body: string): string {
  const { proof } = JSON.parse(body) as { proof: string }
  const header = JSON.parse(Buffer.from(proof.split('.')[0] ?? '', 'base64url').toString()) as { jwk: PublicJwk }
  return deviceIdOf(header.jwk)
}
