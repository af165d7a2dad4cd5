import { unread, type Host, type Ran, type RegistryValues, type RunOptions } from '../../agent/host/host.ts'
import type { Platform } from '../../shared/signals.ts'

export type Laptop = {
  files: Readonly<Record<string, string>>
  /** Folders that are there and empty. */
  folders?: readonly string[]
  /** What a program prints, by its name and arguments; all others are not installed. */
  programs?: Readonly<Record<string, Partial<Ran>>>
  /** Paths that may not be read, nor what is below them. */
  denied?: readonly string[]
  /** When files were written, where it matters. */
  times?: Readonly<Record<string, string>>
  privileged?: boolean | null
  platform?: Platform
  /** The values of keys of the registry; all others do not exist. */
  registry?: Readonly<Record<string, RegistryValues>>
  /** Processes that live. */
  alive?: readonly number[]
}

export const NOW = '2026-11-20T12:00:00.000Z'
const WRITTEN = '2026-11-01T00:00:00.000Z'

/** A laptop (of Linux, where nothing else is said) that has these files, the folders they are in, and nothing else; `ran` is what was started on it, and as whom. */
export function laptop({
  files,
  folders = [],
  programs = {},
  denied = [],
  times = {},
  privileged = true,
  platform = 'linux',
  registry = {},
  alive = [],
}: Laptop): Host & { ran: string[]; ranAs: RunOptions['asUser'][] } {
  const ran: string[] = []
  const ranAs: RunOptions['asUser'][] = []
  const isDenied = (path: string) => denied.some((it) => path === it || path.startsWith(`${it}/`))
  const below = (path: string) => Object.keys(files).filter((file) => file.startsWith(`${path}/`))
  const failure = (path: string) =>
    isDenied(path) ? unread('denied', `${path} may not be read`) : unread('missing', `${path} does not exist`)
  const host: Host & { ran: string[]; ranAs: RunOptions['asUser'][] } = {
    ran,
    ranAs,
    platform,
    privileged,
    now: () => new Date(NOW),
    async run(program, args, options) {
      const command = [program, ...args].join(' ')
      ran.push(command)
      ranAs.push(options?.asUser)
      const answer = programs[command]
      return answer
        ? { ok: true, exitCode: 0, stdout: '', stderr: '', ...answer }
        : unread('missing', `${program} is not installed`)
    },
    async readFile(path) {
      const text = files[path]
      return text === undefined || isDenied(path) ? failure(path) : { ok: true, text }
    },
    async readDirectory(path) {
      const names = new Set(below(path).map((file) => file.slice(path.length + 1).split('/')[0] ?? ''))
      const isThere = names.size > 0 || folders.includes(path)
      return isThere && !isDenied(path) ? { ok: true, names: [...names].toSorted() } : failure(path)
    },
    async stat(path) {
      const isThere = files[path] !== undefined || below(path).length > 0 || folders.includes(path)
      if (!isThere || isDenied(path)) return failure(path)
      return { ok: true, modifiedAt: new Date(times[path] ?? WRITTEN), bytes: files[path]?.length ?? 0 }
    },
    async readRegistry(key) {
      const found = Object.entries(registry).find(([name]) => name.toLowerCase() === key.toLowerCase())
      return found ? { ok: true, values: found[1] } : unread('missing', `${key} does not exist`)
    },
    isAlive: (pid) => alive.includes(pid),
    forReading: () => host,
  }
  return host
}
