import type { Host, Unread } from './host.ts'
import { placesOf, type ProgramName } from './programs.ts'
import type { Recording, RecordingEntry } from './recorded.ts'

/** A host that remembers everything that it is asked, and what it answered. */
export type Recorder = {
  host: Host
  /** What was answered so far. What could not be read for another reason than that it is missing has no entry. */
  recording(): Recording
}

/** Records what probes read of a machine, as it is: `maskRecording` makes of it what may be sent to others. */
export function recorderOf(machine: Host): Recorder {
  const entries = new Map<string, RecordingEntry>()
  const add = (key: string, entry: RecordingEntry) => entries.set(key, entry)

  function addFile(path: string, content: string | null): void {
    const before = entries.get(`file ${path}`)
    const modifiedAt = before?.kind === 'file' ? before.modifiedAt : undefined
    add(`file ${path}`, { kind: 'file', path, content, ...(modifiedAt !== undefined && { modifiedAt }) })
  }

  /** The times of files and folders are of no use to a reader without what they are: it is asked here. */
  async function addTime(host: Host, path: string, modifiedAt: string): Promise<void> {
    const folder = await host.readDirectory(path)
    if (folder.ok) {
      add(`directory ${path}`, { kind: 'directory', path, names: folder.names, modifiedAt })
      return
    }
    const before = entries.get(`file ${path}`)
    const content = before?.kind === 'file' && before.omitted !== true ? before.content : undefined
    const entry = { kind: 'file', path, modifiedAt } as const
    add(`file ${path}`, content === undefined ? { ...entry, content: '', omitted: true } : { ...entry, content })
  }

  function addMissingProgram(program: ProgramName): void {
    for (const path of placesOf(program)) if (!entries.has(`file ${path}`)) addFile(path, null)
  }

  const recording = (host: Host): Host => ({
    ...host,
    async run(program, args, options) {
      const ran = await host.run(program, args, options)
      if (ran.ok) {
        const { exitCode, stdout, stderr } = ran
        add(JSON.stringify([program, ...args]), { kind: 'command', program, args: [...args], exitCode, stdout, stderr })
      } else if (isMissing(ran)) addMissingProgram(program)
      return ran
    },
    async readFile(path, options) {
      const file = await host.readFile(path, options)
      if (file.ok) addFile(path, file.text)
      else if (isMissing(file)) addFile(path, null)
      return file
    },
    async readDirectory(path) {
      const folder = await host.readDirectory(path)
      if (folder.ok) add(`directory ${path}`, { kind: 'directory', path, names: folder.names, ...timeOf(path) })
      else if (isMissing(folder)) add(`directory ${path}`, { kind: 'directory', path, names: null })
      return folder
    },
    async stat(path) {
      const stats = await host.stat(path)
      if (stats.ok) await addTime(host, path, stats.modifiedAt.toISOString())
      else if (isMissing(stats)) addFile(path, null)
      return stats
    },
    async readRegistry(key) {
      const found = await host.readRegistry(key)
      if (found.ok) add(`registry ${key}`, { kind: 'registry', key, values: { ...found.values } })
      else if (isMissing(found)) add(`registry ${key}`, { kind: 'registry', key, values: null })
      return found
    },
    forReading: () => recording(host.forReading()),
  })

  function timeOf(path: string): { modifiedAt?: string } {
    const before = entries.get(`directory ${path}`)
    return before?.kind === 'directory' && before.modifiedAt !== undefined ? { modifiedAt: before.modifiedAt } : {}
  }

  return {
    host: recording(machine),
    recording: () => ({
      version: 1,
      platform: machine.platform,
      recordedAt: machine.now().toISOString(),
      privileged: machine.privileged,
      entries: [...entries.values()],
    }),
  }
}

function isMissing(it: Unread): boolean {
  return it.reason === 'missing'
}
