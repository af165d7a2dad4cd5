import type { Platform } from '../../shared/signals.ts'
import type { ProgramName } from './programs.ts'

/**
 * Why something could not be read. `missing` is the only one that says something about the machine: it is not there.
 * All the others mean that nobody knows.
 */
export type Unread = {
  ok: false
  reason: 'missing' | 'denied' | 'timed-out' | 'too-large' | 'not-recorded' | 'failed'
  /** In words, naming the program or the path. */
  why: string
  /** What a program had printed when its time was up: whole lines of it may still be answers. */
  soFar?: string
}

/** A program that ran to its end; what its exit code means is for the reader to say. */
export type Ran = { ok: true; exitCode: number; stdout: string; stderr: string }

export type RunOptions = {
  /** Default 10 000. */
  timeoutMs?: number
  /** Of stdout and of stderr, each; more than this is `too-large`. Default 1 MiB. */
  maxBytes?: number
  /** Runs the program as this user with their session bus: a desktop's settings are the user's. Needs root. */
  asUser?: { uid: number; gid: number; home: string }
}

/**
 * The one door to the operating system: everything that a probe may do. Nothing here throws, nothing goes through a
 * shell, and everything has an end. Tests and recordings fill it with what another machine answered.
 */
export type Host = {
  platform: Platform
  /** Whether this agent may read what only root or SYSTEM may; null where it cannot be told (a recording). */
  privileged: boolean | null
  now(): Date
  run(program: ProgramName, args: readonly string[], options?: RunOptions): Promise<Ran | Unread>
  /** Text as UTF-8. Default limit 1 MiB. */
  readFile(path: string, options?: { maxBytes?: number }): Promise<{ ok: true; text: string } | Unread>
  /** The names in a folder, sorted; links are followed. */
  readDirectory(path: string): Promise<{ ok: true; names: string[] } | Unread>
  /** When a file or folder was last written, without reading it. */
  stat(path: string): Promise<{ ok: true; modifiedAt: Date; bytes: number } | Unread>
  /**
   * The values of a key of the Windows registry, in the 64-bit view; `HKCU` is that of whoever sits at the machine.
   * Binary values are hexadecimal digits, lists of texts are joined by line feeds. Only keys and values that are listed
   * in `windows/registry.ts` are ever read.
   */
  readRegistry(key: string): Promise<{ ok: true; values: RegistryValues } | Unread>
  /** Whether a process lives, without starting a program; null where that cannot be told. */
  isAlive(pid: number): boolean | null
  /** This host for one reading: what all its questions need together, such as PowerShell, is started once for it. */
  forReading(): Host
}

export type RegistryValues = Readonly<Record<string, string | number>>

export const unread = (reason: Unread['reason'], why: string): Unread => ({ ok: false, reason, why })
