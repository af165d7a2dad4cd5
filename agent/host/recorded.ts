import { Type, type Static } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { Time } from '../../shared/fact.ts'
import { jsonParserOf, nullable, oneOf } from '../../shared/schema.ts'
import { unread, type Host, type Unread } from './host.ts'
import { placesOf } from './programs.ts'
import { recordedAnswer } from './recorded-powershell.ts'
import { recordedKey } from './recorded-registry.ts'

const Entry = Type.Union([
  Type.Object({
    kind: Type.Literal('command'),
    program: Type.String(),
    args: Type.Array(Type.String()),
    exitCode: Type.Integer(),
    stdout: Type.String(),
    stderr: Type.String(),
  }),
  Type.Object({
    kind: Type.Literal('file'),
    path: Type.String(),
    content: nullable(Type.String()),
    modifiedAt: Type.Optional(Time),
    /** The probes asked only when it was written: what is in it was not recorded. */
    omitted: Type.Optional(Type.Boolean()),
  }),
  Type.Object({
    kind: Type.Literal('directory'),
    path: Type.String(),
    names: nullable(Type.Array(Type.String())),
    modifiedAt: Type.Optional(Time),
  }),
  Type.Object({
    kind: Type.Literal('registry'),
    key: Type.String(),
    values: nullable(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
  }),
])

/** What one machine answered to everything that the probes asked, as it stands in a `recording.json`. */
export const Recording = Type.Object({
  version: Type.Literal(1),
  platform: oneOf(['linux', 'macos', 'windows']),
  recordedAt: Time,
  /** Whether it was made as root; not known of one that was written by hand. */
  privileged: Type.Optional(nullable(Type.Boolean())),
  entries: Type.Array(Entry),
})
export type Recording = Static<typeof Recording>
export type RecordingEntry = Static<typeof Entry>
export type CommandEntry = Extract<RecordingEntry, { kind: 'command' }>

/** Lists of packages are the same for everybody, large, and full of checksums that look like ids. */
export function isPublicFile(path: string): boolean {
  return /^\/var\/lib\/(?:apt\/lists|dpkg)\//.test(path)
}

const parse = jsonParserOf(Recording)

/** @throws MusterError `recording-invalid` */
export function parseRecording(json: string): Recording {
  const recording = parse(json)
  if (!recording.ok) throw new MusterError('recording-invalid', recording.problem)
  return recording.value
}

/**
 * A host that answers from a recording, on any OS. What the recording lacks is `not-recorded`; an entry whose content
 * is null was asked for on that machine and was missing. The clock stands at the moment of the recording.
 */
export function recordedHost(recording: Recording): Host {
  const commands = new Map<string, CommandEntry>()
  const places = new Map<string, Exclude<RecordingEntry, { kind: 'command' | 'registry' }>>()
  for (const entry of recording.entries) {
    if (entry.kind === 'command') commands.set(commandKey(entry.program, entry.args), entry)
    else if (entry.kind !== 'registry') places.set(`${entry.kind} ${entry.path}`, entry)
  }

  const host: Host = {
    platform: recording.platform,
    privileged: recording.privileged ?? null,
    now: () => new Date(recording.recordedAt),
    async run(program, args) {
      const paths = placesOf(program)
      const found =
        [program, ...paths].map((path) => commands.get(commandKey(path, args))).find((entry) => entry !== undefined) ??
        (program === 'powershell' ? recordedAnswer(recording.entries, args[0] ?? '') : undefined)
      if (found) return { ok: true, exitCode: found.exitCode, stdout: found.stdout, stderr: found.stderr }
      // A program that was not installed is recorded as its paths, each missing.
      const isAbsent = paths.length > 0 && paths.every((path) => isMissing(places.get(`file ${path}`)))
      return isAbsent ? missing(program) : notRecorded([program, ...args].join(' '))
    },
    async readFile(path) {
      const entry = places.get(`file ${path}`)
      if (entry?.kind !== 'file' || entry.omitted === true) return notRecorded(path)
      return entry.content === null ? missing(path) : { ok: true, text: entry.content }
    },
    async readDirectory(path) {
      const entry = places.get(`directory ${path}`)
      if (entry?.kind !== 'directory') return notRecorded(path)
      return entry.names === null ? missing(path) : { ok: true, names: entry.names.toSorted() }
    },
    async stat(path) {
      const entry = places.get(`file ${path}`) ?? places.get(`directory ${path}`)
      if (entry?.kind === 'file' && entry.content === null) return missing(path)
      if (entry?.kind === 'directory' && entry.names === null) return missing(path)
      if (entry?.modifiedAt === undefined) return notRecorded(`time of ${path}`)
      const bytes = entry.kind === 'file' ? Buffer.byteLength(entry.content ?? '') : 0
      return { ok: true, modifiedAt: new Date(entry.modifiedAt), bytes }
    },
    async readRegistry(key) {
      const values = recordedKey(recording.entries, key)
      if (values === undefined) return notRecorded(key)
      return values === null ? missing(key) : { ok: true, values }
    },
    isAlive: () => null,
    forReading: () => host,
  }
  return host
}

function isMissing(entry: RecordingEntry | undefined): boolean {
  return entry?.kind === 'file' && entry.content === null
}

/** Who records by hand may name a program by its path, or as Windows does, and put its options in another order. */
function commandKey(program: string, args: readonly string[]): string {
  const name = program.slice(Math.max(program.lastIndexOf('/'), program.lastIndexOf('\\')) + 1)
  return JSON.stringify([name.toLowerCase().replace(/\.exe$/, ''), ...args.toSorted()])
}

function notRecorded(what: string): Unread {
  return unread('not-recorded', `not in the recording: ${what}`)
}

function missing(what: string): Unread {
  return unread('missing', `${what} does not exist`)
}
