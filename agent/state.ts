import { watch } from 'node:fs'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { MusterError } from '../shared/errors.ts'
import { DEVICE_ID } from '../shared/evidence.ts'
import { jsonParserOf, strict } from '../shared/schema.ts'
import { destroy, readIfThere, writeDurably } from './durable.ts'

const HttpUrl = Type.String({ pattern: '^https?://[^\\s/?#]+$', maxLength: 300 })

/** Where this device is enrolled, and as what. */
export const Enrollment = strict({
  url: HttpUrl,
  pin: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })),
  issuer: HttpUrl,
  deviceId: Type.String({ pattern: DEVICE_ID }),
})
export type Enrollment = Static<typeof Enrollment>

const parse = jsonParserOf(Enrollment)

/** What the agent keeps on disk, in a folder of its own. */
export type State = {
  folder: string
  keyPath: string
  journalPath: string
  /** @throws Error where the file is damaged */
  readEnrollment(): Promise<Enrollment | null>
  /** A new enrolment counts its reports from 1. */
  saveEnrollment(enrollment: Enrollment): Promise<void>
  /** The number of the next report, on disk before it is returned, so that none is ever used twice. */
  nextSequence(): Promise<number>
  /** Where the agent that runs on this state listens, for those who look for it. */
  saveSocketPath(path: string): Promise<void>
  readSocketPath(): Promise<string | null>
  /** Calls back when something in the folder has changed, until the returned function is called. */
  watch(changed: () => void): () => void
  /** Destroys the key and all that belongs to the enrolment. */
  forget(): Promise<void>
}

/** The state below the data folder, which need not exist yet. */
export function openState(dataFolder: string): State {
  const folder = join(dataFolder, 'agent')
  const paths = {
    enrollment: join(folder, 'enrollment.json'),
    sequence: join(folder, 'sequence'),
    key: join(folder, 'key.pem'),
    journal: join(folder, 'journal.jsonl'),
    socket: join(folder, 'socket-path'),
  }
  let writing: Promise<unknown> = Promise.resolve()

  async function increase(): Promise<number> {
    const text = await readIfThere(paths.sequence)
    const last = text !== null && /^\d{1,15}\n$/.test(text) ? Number(text) : null
    if (last === null) throw damaged(paths.sequence, text === null ? 'it is gone' : 'it is not a number')
    await writeDurably(paths.sequence, `${last + 1}\n`)
    return last + 1
  }

  return {
    folder,
    keyPath: paths.key,
    journalPath: paths.journal,
    async readEnrollment() {
      const text = await readIfThere(paths.enrollment)
      if (text === null) return null
      const enrollment = parse(text)
      if (!enrollment.ok) throw damaged(paths.enrollment, enrollment.problem)
      return enrollment.value
    },
    async saveEnrollment(enrollment) {
      await writeDurably(paths.sequence, '0\n')
      await writeDurably(paths.enrollment, `${JSON.stringify(enrollment, null, 2)}\n`)
    },
    nextSequence() {
      const next = writing.then(increase)
      writing = next.catch(() => undefined)
      return next
    },
    async saveSocketPath(path) {
      await makePrivate(folder)
      await writeDurably(paths.socket, `${path}\n`)
    },
    readSocketPath: async () => (await readIfThere(paths.socket))?.trimEnd() ?? null,
    watch(changed) {
      const watcher = watch(folder, changed)
      return () => watcher.close()
    },
    async forget() {
      await rm(paths.enrollment, { force: true })
      if ((await readIfThere(paths.key)) !== null) await destroy(paths.key)
      await rm(paths.sequence, { force: true })
      await rm(paths.journal, { force: true })
    },
  }
}

/** Makes a folder that only its owner can enter; one that stands open is closed. */
export async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
}

function damaged(path: string, problem: string): MusterError {
  return new MusterError('agent-state-damaged', `${path} is damaged: ${problem}`)
}
