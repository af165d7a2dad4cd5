import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { decode } from '../../agent/host/text.ts'
import type { Platform } from '../../shared/signals.ts'

/** What one command answered on a real machine, and what a correct reader concludes from it. */
export type Capture = {
  /** `linux/firewall/ufw-conf`: where it stands below the corpus. */
  name: string
  os: Platform
  /** As noted: the program with its arguments, or `file PATH`, `registry KEY`, `wmi CLASS`, `powershell ...`. */
  command: string
  /** The program alone, in small letters, without its folder and `.exe`; or `file`, `registry`, `wmi`, `powershell`. */
  program: string
  /** What follows the program. */
  args: string
  /** Null where it is not known. */
  exitCode: number | null
  text: string
  expect: Readonly<Record<string, unknown>>
}

type Meta = { file: string; os: Platform; command: string; exitCode?: number; expect: Record<string, unknown> }

/** Every capture below a folder, in the order of their names. */
export function readCorpus(folder: string): Capture[] {
  const metas = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.meta.json'))
  return metas.toSorted().map((path) => {
    const meta = JSON.parse(readFileSync(join(folder, path), 'utf8')) as Meta
    const text = decode(readFileSync(join(folder, path, '..', meta.file)))
    const { os, command, exitCode = null, expect } = meta
    return { name: path.slice(0, -'.meta.json'.length), os, command, ...splitCommand(command), exitCode, text, expect }
  })
}

/** Who runs a program, and with which variables, before its name; what becomes of its errors stands behind. */
const BEFORE = /^(?:(?:sudo(?:\s+(?:-u\s+\S+|-[a-tv-zA-Z]+))*|env|launchctl\s+asuser\s+\S+|[A-Z_]+=\S*)\s+)+/

/** A path may have blanks: in quotes, behind backslashes, or plain where it is clear where the program ends. */
const COMMAND =
  /^(?:["']([^"']+)["']|([A-Za-z]:\\[^"]*?\.(?:exe|cmd)(?=\s|$)|\/(?:Applications|Library)\/[^"\n]*?\/(?:MacOS|bin|Resources)\/[^\s/]+(?=\s|$)|(?:\\ |\S)+))\s*([\s\S]*)$/

/** Takes `"C:\\Program Files\\X\\Tool.exe" status` apart into `tool` and `status`. */
function splitCommand(command: string): { program: string; args: string } {
  const bare = command
    .trim()
    .replace(BEFORE, '')
    .replace(/\s+2>\s*(?:&1|\/dev\/null|\$null)$/, '')
  const [, quoted, plain = '', args = ''] = COMMAND.exec(bare) ?? []
  const path = quoted ?? plain
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
  const program = name.toLowerCase().replace(/\.(?:exe|cmd)$/, '')
  // `cat` prints what stands in a file.
  return { program: program === 'cat' && /^\/\S+$/.test(args.trim()) ? 'file' : program, args: args.trim() }
}
