import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import type { Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { unread, type Host, type Ran, type RunOptions, type Unread } from './host.ts'
import { placesOn } from './programs.ts'
import { decode } from './text.ts'
import type { WindowsPrograms } from './windows/windows.ts'

/** Starts programs, and knows which of them still run. */
export type Runner = {
  run: Host['run']
  windows: WindowsPrograms
  /** Runs a script of ours in a Node of its own: what is needed once must not stay in the memory of the agent. */
  runNode(scriptPath: string, options?: RunOptions): Promise<Ran | Unread>
  /** How many programs were started so far. */
  started(): number
  /** Kills what still runs. */
  stop(): void
}

const DEFAULTS = { timeoutMs: 10_000, maxBytes: 1024 * 1024 } as const

/**
 * All that a program sees of our environment. The fixed locale keeps messages in the language that readers know.
 * Windows adds by itself what its programs cannot start without (`SystemRoot` and the like).
 */
const ENVIRONMENT: Readonly<Record<string, string>> =
  process.platform === 'win32'
    ? { PATH: 'C:\\Windows\\System32' }
    : { LC_ALL: 'C', LANG: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }

const POWERSHELL = 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe'
const REG = 'C:\\Windows\\System32\\reg.exe'
/** The script stands on the command line in the clear, where whoever watches the machine can read it. */
const POWERSHELL_OPTIONS = ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command'] as const

/** The only place of the agent that starts programs: each by its absolute path, without a shell, and with an end. */
export function programRunner(): Runner {
  const running = new Set<ChildProcess>()
  let started = 0

  function start(name: string, path: string, args: readonly string[], options: RunOptions): Promise<Ran | Unread> {
    started += 1
    let child: ChildProcess
    try {
      child = spawn(path, args, spawnOptions(options))
    } catch (error) {
      // Arguments that the system cannot take, such as one with a NUL character.
      return Promise.resolve(unread('failed', `${name} could not be started: ${messageOf(error)}`))
    }
    running.add(child)
    return outcome(name, child, { ...DEFAULTS, ...options }).finally(() => running.delete(child))
  }

  return {
    async run(program, args, options = {}) {
      const found = await firstExisting(program, placesOn(process.platform, program))
      if (!found.ok) return found
      const command = inSession(found.path, args, options)
      return start(program, command.path, command.args, command.options)
    },
    windows: {
      powershell: (script, options) => start('powershell', POWERSHELL, [...POWERSHELL_OPTIONS, script], options),
      reg: (args) => start('reg', REG, args, {}),
    },
    runNode: (scriptPath, options = {}) => start('node', process.execPath, [scriptPath], options),
    started: () => started,
    stop: () => running.forEach(kill),
  }
}

/**
 * Where the program is: the first of the paths that it may have. Where a folder's name carries the version of what is
 * in it, a path has a `*` for the version, and the highest one counts. Root starts nothing that somebody else could have
 * put there: on a Mac every admin may write in /Applications, without a password.
 */
export async function firstExisting(
  name: string,
  paths: readonly string[],
): Promise<{ ok: true; path: string } | Unread> {
  for (const pattern of paths) {
    let path: string = pattern
    try {
      path = await highestVersion(pattern)
      const stats = await stat(path)
      if (process.getuid?.() !== 0 || !isOfOthers(stats)) return { ok: true, path }
      return unread('failed', `${path} is not started: others than root can change it`)
    } catch (error) {
      const code = codeOf(error)
      if (code !== 'ENOENT' && code !== 'ENOTDIR') {
        return unread(code === 'EACCES' ? 'denied' : 'failed', `${path}: ${messageOf(error)}`)
      }
    }
  }
  return unread('missing', `${name} is not installed`)
}

/** Accounts of services, such as a product may have for its files, have lower numbers. */
const FIRST_PERSON = process.platform === 'darwin' ? 500 : 1000

function isOfOthers({ uid, gid, mode }: Stats): boolean {
  return uid >= FIRST_PERSON || (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0)
}

async function highestVersion(pattern: string): Promise<string> {
  const [before = '', after] = pattern.split('*')
  if (after === undefined) return pattern
  const at = Math.max(before.lastIndexOf('\\'), before.lastIndexOf('/'))
  const prefix = before.slice(at + 1)
  const names = (await readdir(before.slice(0, at + 1))).filter((name) => name.startsWith(prefix))
  // Made here, not once for all: it brings tables of languages into memory, and most machines have no such path.
  const byVersion = new Intl.Collator('en', { numeric: true }).compare
  const highest = names.toSorted(byVersion).at(-1)
  return highest === undefined ? pattern : `${before.slice(0, at + 1)}${highest}${after}`
}

type Command = { path: string; args: readonly string[]; options: RunOptions }

/** On macOS another uid is not enough to be in a user's session: launchd has to start it there. */
function inSession(path: string, args: readonly string[], options: RunOptions): Command {
  if (process.platform !== 'darwin' || !options.asUser) return { path, args, options }
  const { asUser, ...rest } = options
  const uid = String(asUser.uid)
  return {
    path: '/bin/launchctl',
    args: ['asuser', uid, '/usr/bin/sudo', '-n', '-u', `#${uid}`, path, ...args],
    options: rest,
  }
}

function spawnOptions({ asUser }: RunOptions): SpawnOptions {
  const options: SpawnOptions = {
    cwd: '/',
    env: { ...ENVIRONMENT },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that a program that hangs is killed with what it has started.
    detached: process.platform !== 'win32',
    windowsHide: true,
  }
  if (!asUser) return options
  const { uid, gid, home } = asUser
  const runtime = `/run/user/${uid}`
  const session = { HOME: home, XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus` }
  return { ...options, uid, gid, env: { ...ENVIRONMENT, ...session } }
}

function outcome(name: string, child: ChildProcess, limits: { timeoutMs: number; maxBytes: number }) {
  return new Promise<Ran | Unread>((resolve) => {
    const end = (result: Ran | Unread) => {
      clearTimeout(timer)
      // Whoever inherited the pipes may hold them open for ever.
      child.stdout?.destroy()
      child.stderr?.destroy()
      resolve(result)
    }
    const giveUp = (result: Unread) => {
      kill(child)
      end(result)
    }
    const timer = setTimeout(() => {
      const late = unread('timed-out', `${name} did not end within ${limits.timeoutMs / 1000} s`)
      giveUp({ ...late, soFar: stdout() })
    }, limits.timeoutMs)
    const tooLarge = () => giveUp(unread('too-large', `${name} printed more than ${limits.maxBytes} bytes`))
    const stdout = capped(child.stdout, limits.maxBytes, tooLarge)
    const stderr = capped(child.stderr, limits.maxBytes, tooLarge)

    child.once('error', (error) => end(notStarted(name, error)))
    child.once('close', (exitCode, signal) => {
      if (exitCode === null) end(unread('failed', `${name} was ended by ${signal ?? 'a signal'}`))
      else end({ ok: true, exitCode, stdout: stdout(), stderr: stderr() })
    })
  })
}

/** Gathers a stream as text; calls `tooLarge` once it grows over the limit. */
function capped(stream: ChildProcess['stdout'], maxBytes: number, tooLarge: () => void): () => string {
  const chunks: Buffer[] = []
  let bytes = 0
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maxBytes) tooLarge()
    else chunks.push(chunk)
  })
  return () => decode(Buffer.concat(chunks))
}

/** The path was there a moment ago: ENOENT now means its interpreter is not, which says nothing about the program. */
function notStarted(name: string, error: Error): Unread {
  const code = codeOf(error)
  const denied = code === 'EACCES' || code === 'EPERM'
  return unread(denied ? 'denied' : 'failed', `${name} could not be started: ${code ?? error.message}`)
}

function kill(child: ChildProcess): void {
  const { pid } = child
  if (pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself meanwhile.
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
