import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseEnrollmentString } from '../shared/enrollment.ts'
import { MusterError } from '../shared/errors.ts'
import type { LocalStatus } from '../shared/local.ts'
import { SIGNAL_IDS, factOf, type Facts } from '../shared/signals.ts'
import { requireSafe } from './address.ts'
import { startAgent, type Agent, type Log } from './agent.ts'
import { collect } from './collect.ts'
import type { Config } from './config.ts'
import { enroll, unenroll } from './enroll.ts'
import type { Host } from './host/host.ts'
import { bootId, realHost } from './host/real.ts'
import { parseRecording, recordedHost } from './host/recorded.ts'
import { programRunner, type Runner } from './host/run.ts'
import type { DeviceKey } from './identity/key.ts'
import { createSoftwareKey, openSoftwareKey } from './identity/software.ts'
import { openJournal } from './journal.ts'
import { allProbes } from './probes/all.ts'
import { makePrivate, openState, type Enrollment, type State } from './state.ts'
import { askStatus } from './status-client.ts'
import { record, type Recorded } from './record.ts'
import { openStatusServer } from './status-server.ts'

/** This machine, and the probes that read it. */
function thisMachine() {
  const runner = programRunner()
  return { runner, host: realHost(runner), ...probesWith(runner) }
}

function probesWith(runner: Runner) {
  const script = fileURLToPath(new URL('host/inventory-child.ts', import.meta.url))
  return allProbes(() => runner.runNode(script))
}

/** Reads this machine, or a recording of another one. */
export async function check(recordingFolder: string | null): Promise<Facts> {
  const { host, probes } = thisMachine()
  const read = recordingFolder === null ? host : await openRecording(recordingFolder)
  return collect(read, probes, SIGNAL_IDS)
}

/** Records what the probes read of this machine. */
export async function recordHere(folder: string): Promise<Recorded> {
  const { host } = thisMachine()
  // Probes remember what does not change; a recording needs all of it asked.
  const read = (of: Host) => collect(of, thisMachine().probes, SIGNAL_IDS)
  return record(host, folder, read, randomUUID())
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

export type RunningAgent = {
  agent: Agent
  socketPath: string
  /** Comes when the device was unenrolled under the running agent, which must not keep a key that is said to be gone. */
  unenrolled: Promise<void>
  stop(): Promise<void>
}

/** Starts the agent of this machine. */
export async function runHere(config: Config, version: string, log: Log): Promise<RunningAgent> {
  const state = openState(config.data)
  const { enrollment, key } = await openIdentity(state)
  const { runner, host, probes, watches } = thisMachine()
  const server = await openStatusServer(config.socket ?? config.defaultSocket)
  try {
    await state.saveSocketPath(server.path)
    const agent = startAgent({
      version,
      host,
      probes,
      watches,
      bootId: await bootId(host, randomUUID),
      enrollment,
      key,
      nextSequence: state.nextSequence,
      journal: await openJournal(state.journalPath),
      log,
    })
    server.serve(agent)
    const { promise: unenrolled, resolve: isUnenrolled } = Promise.withResolvers<void>()
    const stopLooking = state.watch(() => {
      // A file that cannot be read says nothing; one that is gone, or of another device, does.
      state.readEnrollment().then(
        (now) => now?.deviceId !== key.id && isUnenrolled(),
        () => undefined,
      )
    })
    const stop = async () => {
      stopLooking()
      agent.stop()
      runner.stop()
      await server.close()
    }
    return { agent, socketPath: server.path, unenrolled, stop }
  } catch (error) {
    await server.close()
    throw error
  }
}

async function openIdentity(state: State): Promise<{ enrollment: Enrollment; key: DeviceKey }> {
  const enrollment = await state.readEnrollment()
  if (!enrollment) throw new MusterError('not-enrolled')
  const key = await openSoftwareKey(state.keyPath)
  if (key?.id !== enrollment.deviceId) {
    const problem = key ? 'is not the key that was enrolled' : 'is gone'
    throw new MusterError('agent-state-damaged', `the device key ${state.keyPath} ${problem}`)
  }
  return { enrollment, key }
}

/** The status of the agent that runs on this machine. */
export async function statusHere(config: Config): Promise<LocalStatus> {
  // Only the owner of the state can look there; everybody else knows the standard place.
  const saved = await openState(config.data)
    .readSocketPath()
    .catch(() => null)
  return askStatus(config.socket ?? saved ?? config.defaultSocket)
}
