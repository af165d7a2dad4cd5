import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keysOf } from '../../shared/schema.ts'
import { PROGRAMS, placesOn } from './programs.ts'
import { firstExisting, programRunner } from './run.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-run-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function script(name: string, code: string): string {
  const path = join(folder, `${name}.mjs`)
  writeFileSync(path, code)
  return path
}

test('a program comes back with all that it said', async () => {
  const path = script('talks', 'console.log("out ✓"); console.error("err"); process.exitCode = 3')
  const ran = await programRunner().runNode(path)
  expect(ran).toEqual({ ok: true, exitCode: 3, stdout: 'out ✓\n', stderr: 'err\n' })
})

test('a program sees the fixed environment, no input, and nothing of ours', async () => {
  const path = script(
    'looks',
    `import { readFileSync } from 'node:fs'
     console.log(JSON.stringify({ env: process.env, cwd: process.cwd(), input: readFileSync(0, 'utf8') }))`,
  )
  const ran = await programRunner().runNode(path)
  expect(ran.ok && JSON.parse(ran.stdout)).toEqual({
    env: { LC_ALL: 'C', LANG: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    cwd: '/',
    input: '',
  })
})

test.skipIf(process.getuid?.() !== 0)(
  'as a user, a program has their rights and their session bus (needs root)',
  async () => {
    const runner = programRunner()
    // The user must be able to enter the folder of the script.
    const path = join(mkdtempSync('/var/tmp/muster-run-'), 'who.mjs')
    writeFileSync(
      path,
      'console.log(JSON.stringify([process.getuid(), process.getgid(), process.getgroups(), process.env]))',
    )
    chmodSync(join(path, '..'), 0o755)
    const ran = await runner.runNode(path, { asUser: { uid: 65534, gid: 65534, home: '/nonexistent' } })
    rmSync(join(path, '..'), { recursive: true })
    expect(ran.ok && JSON.parse(ran.stdout)).toEqual([
      65534,
      65534,
      [65534],
      expect.objectContaining({
        HOME: '/nonexistent',
        XDG_RUNTIME_DIR: '/run/user/65534',
        DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/65534/bus',
        LC_ALL: 'C',
      }),
    ])
  },
)

const BAD = [
  {
    name: 'one that hangs',
    code: 'process.stdout.write("half"); setInterval(() => {}, 1000)',
    options: { timeoutMs: 1500 },
    expected: { reason: 'timed-out', why: 'node did not end within 1.5 s', soFar: 'half' },
  },
  {
    name: 'one that prints without end',
    code: 'setInterval(() => process.stdout.write("x".repeat(10000)), 1)',
    options: { maxBytes: 5000 },
    expected: { reason: 'too-large', why: 'node printed more than 5000 bytes' },
  },
  {
    name: 'one that complains without end',
    code: 'setInterval(() => process.stderr.write("x".repeat(10000)), 1)',
    options: { maxBytes: 5000 },
    expected: { reason: 'too-large', why: 'node printed more than 5000 bytes' },
  },
  {
    name: 'one that is killed',
    code: 'process.kill(process.pid, "SIGKILL")',
    options: {},
    expected: { reason: 'failed', why: 'node was ended by SIGKILL' },
  },
]

for (const { name, code, options, expected } of BAD) {
  test(`${name} is not an answer`, async () => {
    const ran = await programRunner().runNode(script('bad', code), options)
    expect(ran).toEqual({ ok: false, ...expected })
  })
}

test('a program that hangs is killed together with what it has started', async () => {
  const pidFile = join(folder, 'pid')
  const path = script(
    'parent',
    `import { spawn } from 'node:child_process'
     import { writeFileSync } from 'node:fs'
     const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
     writeFileSync(${JSON.stringify(pidFile)}, String(child.pid))
     setInterval(() => {}, 1000)`,
  )
  const ran = await programRunner().runNode(path, { timeoutMs: 700 })
  expect(ran).toMatchObject({ reason: 'timed-out' })
  const pid = Number(readFileSync(pidFile, 'utf8'))
  await expect.poll(() => isAlive(pid)).toBe(false)
})

function isAlive(pid: number): boolean {
  try {
    // A zombie whose parent has not looked yet is dead all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('a program that leaves a child behind holding its output does not hold us up for longer than the limit', async () => {
  const path = script(
    'leaves',
    `import { spawn } from 'node:child_process'
     spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20000)'], { stdio: 'inherit', detached: true }).unref()
     setTimeout(() => process.exit(0), 50)`,
  )
  const ran = await programRunner().runNode(path, { timeoutMs: 600 })
  expect(ran).toMatchObject({ ok: false, reason: 'timed-out' })
})

test('what still runs when the agent stops is killed', async () => {
  const runner = programRunner()
  const running = runner.runNode(script('hangs', 'setInterval(() => {}, 1000)'))
  runner.stop()
  expect(await running).toMatchObject({ ok: false, reason: 'failed' })
  expect(runner.started()).toBe(1)
})

test('the first path that exists is the program', async () => {
  const here = script('here', '')
  expect(await firstExisting('it', [join(folder, 'gone'), here, '/bin/sh'])).toEqual({ ok: true, path: here })
  expect(await firstExisting('it', [join(folder, 'gone'), join(here, 'below-a-file')])).toEqual({
    ok: false,
    reason: 'missing',
    why: 'it is not installed',
  })
  expect(await firstExisting('it', ['/\0'])).toMatchObject({ ok: false, reason: 'failed' })
})

test.skipIf(process.getuid?.() !== 0)('root starts nothing that others can change (needs root)', async () => {
  const path = script('owned', '')
  const cases = [
    { mode: 0o755, uid: 0, gid: 0, isStarted: true },
    { mode: 0o775, uid: 0, gid: 0, isStarted: true },
    { mode: 0o755, uid: 499, gid: 499, isStarted: true },
    { mode: 0o755, uid: 1000, gid: 0, isStarted: false },
    { mode: 0o775, uid: 0, gid: 80, isStarted: false },
    { mode: 0o757, uid: 0, gid: 0, isStarted: false },
  ]
  for (const { mode, uid, gid, isStarted } of cases) {
    chownSync(path, uid, gid)
    chmodSync(path, mode)
    expect(await firstExisting('it', [path])).toMatchObject(isStarted ? { ok: true } : { reason: 'failed' })
  }
  expect(await firstExisting('it', [path, '/bin/sh'])).toMatchObject({ ok: false, reason: 'failed' })
})

test('arguments that no program can take are a failure, not an exception', async () => {
  const runner = programRunner()
  const ran = await runner.run('systemctl', ['a\0b'])
  expect(ran.ok).toBe(false)
})

test('every program of the list is named by absolute paths', () => {
  for (const paths of Object.values(PROGRAMS)) for (const path of paths) expect(path).toMatch(/^(?:\/|C:\\)/)
})

test('a program is looked for only where its system has absolute paths', () => {
  for (const program of keysOf(PROGRAMS)) {
    for (const path of placesOn('win32', program)) expect(path).toMatch(/^C:\\(?:Windows|Program Files)\\/)
    for (const system of ['linux', 'darwin'] as const) {
      for (const path of placesOn(system, program)) expect(path).toMatch(/^\//)
    }
  }
  expect(placesOn('win32', 'repcli')).toEqual(['C:\\Program Files\\Confer\\RepCLI.exe'])
  expect(placesOn('win32', 'ufw')).toEqual([])
})
