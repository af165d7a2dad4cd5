import { isPublicFile, type Recording, type RecordingEntry } from './recorded.ts'

/** The names of the people of a machine, as a recording tells them: accounts, and whoever has a folder. */
export function usersIn({ entries }: Recording): string[] {
  return entries.flatMap((entry) => [...textsOf(entry).flatMap(namesIn), ...namesOf(entry)])
}

/** Whether a name is one that every machine has, or no name. */
export function isOfEverybody(name: string): boolean {
  return name.length < 2 || EVERYBODY.test(name)
}

const EVERYBODY =
  /^(?:shared|public|default|default user|all users|defaultuser\d*|\.localized|guest|root|linuxbrew|lost\+found|nobody|system|administrator|user\d+)$/i

const NAMES = [
  // A folder. JSON doubles the strokes of Windows.
  /(?:\/home\/|\/Users\/|\\{1,2}Users\\{1,2})([\p{L}\p{N}_.+ -]+?)(?=[/\\'"\s\0<,:;)\]]|$)/gu,
  /\buser '([\p{L}\p{N}_.+-]+)'/gu,
  // Of a session of systemd.
  /^USER=(\S+)$/gmu,
] as const

function namesIn(text: string): string[] {
  return NAMES.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name))
}

function namesOf(entry: RecordingEntry): readonly string[] {
  switch (entry.kind) {
    case 'command':
      return entry.args.includes('/dev/console') ? [entry.stdout.trim().split(' ').at(-1) ?? ''] : []
    case 'file':
      return entry.path === '/etc/passwd' ? accountsIn(entry.content ?? '') : []
    case 'directory':
      return /^(?:\/home|\/Users|C:\\Users)$/i.test(entry.path) ? (entry.names ?? []) : []
    case 'registry':
      return []
  }
}

/** People have numbers from 1000 on. */
function accountsIn(passwd: string): string[] {
  return [...passwd.matchAll(/^([^:\n]+):[^:\n]*:[1-9]\d{3,4}:/gm)].map(([, name = '']) => name)
}

function textsOf(entry: RecordingEntry): string[] {
  switch (entry.kind) {
    case 'command':
      return [entry.stdout, entry.stderr, ...entry.args]
    case 'file':
      return isPublicFile(entry.path) ? [] : [entry.path, entry.content ?? '']
    case 'directory':
      return [entry.path]
    case 'registry':
      return Object.values(entry.values ?? {}).filter((it) => typeof it === 'string')
  }
}
