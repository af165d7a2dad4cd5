import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { parseEnrollmentString } from '../shared/enrollment.ts'
import { MusterError } from '../shared/errors.ts'
import type { LocalStatus, RequestProof, RequestToProve } from '../shared/local.ts'
import { factOf, type Facts } from '../shared/signals.ts'
import { requireSafe } from './address.ts'
import { collect } from './collect.ts'
import type { Config } from './config.ts'
import { enroll, unenroll } from './enroll.ts'
import type { Host } from './host/host.ts'
import { parseRecording, recordedHost } from './host/recorded.ts'
import { openIdentity } from './identity/enrolled.ts'
import { createSoftwareKey, openSoftwareKey } from './identity/software.ts'
import { makePrivate, openState, type Enrollment } from './state.ts'
import { askProof, askStatus } from './status-client.ts'
import { record, type Recorded } from './record.ts'
import { readSettled } from './settled.ts'
import { thisMachine } from './this-machine.ts'

/** Reads this machine, or a recording of another one; `onWait` is called where that takes long. */
export async function check(recordingFolder: string | null, onWait: () => void): Promise<Facts> {
  const machine = thisMachine()
  const host = recordingFolder === null ? machine.host : await openRecording(recordingFolder)
  const facts = await readSettled({ ...machine, host }, { onWait })
  // What did not answer in time would keep this process alive.
  machine.runner.stop()
  return facts
}

/** Records what the probes read of this machine. */
export async function recordHere(folder: string, onWait: () => void): Promise<Recorded> {
  const { host, runner } = thisMachine()
  // Probes remember what does not change, and a recording needs all of it asked, so each reading has its own.
  const read = (of: Host) => readSettled({ ...thisMachine(), host: of }, { onWait })
  const recorded = await record(host, folder, read, randomUUID())
  runner.stop()
  return recorded
}

async function openRecording(folder: string): Promise<Host> {
  const path = join(folder, 'recording.json')
  const json = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new MusterError('recording-invalid', `${path}: ${String(error)}`, { cause: error })
  })
  return recordedHost(parseRecording(json))
}

/** Enrols this machine with a pasted string. */
export async function enrollHere(
  { data }: Config,
  pasted: string,
): Promise<{ enrollment: Enrollment; status: 'active' | 'pending' }> {
  const ticket = parseEnrollmentString(pasted)
  requireSafe(ticket)
  const state = openState(data)
  if ((await state.readEnrollment()) !== null) throw new MusterError('already-enrolled')
  const { host, probes } = thisMachine()
  const device = factOf(await collect(host, probes, ['device']), 'device')

  await makePrivate(state.folder)
  // A key without an enrolment is that of a try whose answer was lost: the collector knows it, or takes it, as the same.
  const kept = await openSoftwareKey(state.keyPath)
  const key = kept ?? (await createSoftwareKey(state.keyPath))
  try {
    const unknown = { hostname: '', manufacturer: '', model: '', serial: '', chassis: '' }
    const applicant = { key, platform: host.platform, device: device.kind === 'value' ? device.value : unknown }
    const enrolled = await enroll(ticket, applicant, host.now)
    await state.saveEnrollment(enrolled.enrollment)
    return enrolled
  } catch (error) {
    // Where no answer came, the token may be spent on this key: the next try has to come with the same one.
    const isAnswered = error instanceof MusterError && error.code !== 'collector-unreachable'
    if (!kept && isAnswered) await state.forget()
    throw error
  }
}

/** Has the collector forget this machine, then destroys its key. */
export async function unenrollHere({ data }: Config): Promise<Enrollment> {
  const state = openState(data)
  const { enrollment, key } = await openIdentity(state)
  await unenroll(enrollment, key, () => new Date())
  await state.forget()
  return enrollment
}

/** The status of the agent that runs on this machine. */
export async function statusHere(config: Config): Promise<LocalStatus> {
  return askStatus(await socketOf(config))
}

/** The headers that prove one request to be of this machine. */
export async function proveHere(config: Config, request: RequestToProve): Promise<RequestProof> {
  return askProof(await socketOf(config), request)
}

/** Only the owner of the state can look there; everybody else knows the standard place. */
async function socketOf({ data, socket, defaultSocket }: Config): Promise<string> {
  const saved = await openState(data)
    .readSocketPath()
    .catch(() => null)
  return socket ?? saved ?? defaultSocket
}
