import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { unread, type Host, type Ran, type RunOptions, type Unread } from './host.ts'
import { PROGRAMS } from './programs.ts'

/** Starts programs, and knows which of them still run. */
export type Runner = {
  run: Host['run']
  /** Runs a script of ours in a Node of its own: what is needed once must not stay in the memory of the agent. */
  runNode(scriptPath: string, options?: RunOptions): Promise<Ran | Unread>
  /** How many programs were started so far. */
  started(): number
  /** Kills what still runs. */
  stop(): void
}

const DEFAULTS = { timeoutMs: 10_000, maxBytes: 1024 * 1024 } as const

/** All that a program sees of our environment. The fixed locale keeps messages in the language that readers know. */
const ENVIRONMENT = { LC_ALL: 'C', LANG: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } as const

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
      const found = await firstExisting(program, PROGRAMS[program])
      return found.ok ? start(program, found.path, args, options) : found
    },
    runNode: (scriptPath, options = {}) => start('node', process.execPath, [scriptPath], options),
    started: () => started,
    stop: () => running.forEach(kill),
  }
}

/** Where the program is: the first of the paths that it may have. */
export async function firstExisting(
  name: string,
  paths: readonly string[],
): Promise<{ ok: true; path: string } | Unread> {
  for (const path of paths) {
    try {
      await stat(path)
      return { ok: true, path }
    } catch (error) {
      const code = codeOf(error)
      if (code !== 'ENOENT' && code !== 'ENOTDIR') {
        return unread(code === 'EACCES' ? 'denied' : 'failed', `${path}: ${messageOf(error)}`)
      }
    }
  }
  return unread('missing', `${name} is not installed`)
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
    const timer = setTimeout(
      () => giveUp(unread('timed-out', `${name} did not end within ${limits.timeoutMs / 1000} s`)),
      limits.timeoutMs,
    )
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
  return () => Buffer.concat(chunks).toString()
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
