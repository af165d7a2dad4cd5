import { MusterError } from '../../shared/errors.ts'
import type { Platform } from '../../shared/signals.ts'
import { readDirectory, readFile, statFile } from './files.ts'
import { unread, type Host, type Ran, type Unread } from './host.ts'
import type { Runner } from './run.ts'
import { windowsReading } from './windows/windows.ts'

const PLATFORMS: Partial<Record<NodeJS.Platform, Platform>> = { linux: 'linux', darwin: 'macos', win32: 'windows' }

/**
 * The machine that this program runs on. `inventory` runs `inventory-child.ts` in a process of its own.
 * @throws Error on a system that Muster cannot read
 */
export function realHost(runner: Runner, inventory: () => Promise<Ran | Unread>): Host {
  const platform = PLATFORMS[process.platform]
  if (!platform) throw new MusterError('platform-unsupported', process.platform)
  const host: Host = {
    platform,
    // There is no such user on Windows, where it cannot be told this way.
    privileged: process.getuid ? process.getuid() === 0 : null,
    now: () => new Date(),
    run: (program, ...rest) => (program === 'systeminformation' ? inventory() : runner.run(program, ...rest)),
    readFile,
    readDirectory,
    stat: statFile,
    readRegistry: async (key) => unread('failed', `${key}: the registry is read in a reading, on Windows`),
    isAlive,
    forReading() {
      if (platform !== 'windows') return host
      const { ask, readRegistry } = windowsReading(runner.windows)
      const run: Host['run'] = (program, ...rest) => (program === 'powershell' ? ask : host.run)(program, ...rest)
      return { ...host, run, readRegistry, forReading: () => host.forReading() }
    },
  }
  return host
}

/** Signal 0 is none: the system only says whether it could be sent. A process that may not be touched lives. */
function isAlive(pid: number): boolean | null {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    return code === 'ESRCH' ? false : code === 'EPERM' ? true : null
  }
}

/**
 * Names one run of the system. Evidence under two such names in turn shows a copied key, so where the system tells
 * none, one that lasts as long as this process is the honest stand-in.
 */
export async function bootId(host: Host, makeId: () => string): Promise<string> {
  const id = await host.readFile('/proc/sys/kernel/random/boot_id', { maxBytes: 100 })
  return (id.ok && /^[0-9a-f-]{36}$/.exec(id.text.trim())?.[0]) || makeId()
}
