import { mkdir } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { MusterError } from '../shared/errors.ts'
import { keysOf } from '../shared/schema.ts'
import { factOf, type Facts, type SignalId } from '../shared/signals.ts'
import { writeDurably } from './durable.ts'
import type { Host } from './host/host.ts'
import { maskRecording, type Private } from './host/masking.ts'
import { parseRecording, recordedHost } from './host/recorded.ts'
import { recorderOf } from './host/recorder.ts'

/** What became of a recording. */
export type Recorded = {
  path: string
  entries: number
  /** How many different names, ids and keys were masked. */
  masked: number
  /** Signals that the masked recording does not read as the machine does; none unless a mask hit what decides. */
  differing: SignalId[]
}

/**
 * Records all that the probes read of a machine into `FOLDER/recording.json`, masked, and reads it once more to see that
 * it tells the same. `read` collects every signal through the host that it is given.
 * @throws MusterError `recording-not-written`
 */
export async function record(
  machine: Host,
  folder: string,
  read: (host: Host) => Promise<Facts>,
  salt: string,
): Promise<Recorded> {
  const recorder = recorderOf(machine)
  const facts = await read(recorder.host)
  const { recording, replaced } = maskRecording(recorder.recording(), privateOf(facts), salt)
  const path = join(resolve(folder), 'recording.json')
  const json = `${JSON.stringify(recording, null, 1)}\n`
  try {
    await mkdir(folder, { recursive: true })
    await writeDurably(path, json)
  } catch (error) {
    throw new MusterError('recording-not-written', `${path}: ${String(error)}`, { cause: error })
  }
  const again = await read(recordedHost(parseRecording(json)))
  const differing = keysOf(facts).filter((id) => essence(facts, id) !== essence(again, id))
  return { path, entries: recording.entries.length, masked: replaced, differing }
}

function privateOf(facts: Facts): Private {
  const device = factOf(facts, 'device')
  const products = factOf(facts, 'endpoint-protection')
  const agents = products.kind === 'value' ? products.value.products.flatMap(({ agentId }) => agentId ?? []) : []
  const own = device.kind === 'value' ? device.value : { serial: '', hostname: '' }
  return { ids: [own.serial, ...agents], users: [userInfo().username], hostnames: [own.hostname, hostname()] }
}

/** What a signal says, but for ids, names and the time. */
function essence(facts: Facts, id: SignalId): string {
  const fact = factOf(facts, id)
  if (id === 'device' || fact.kind !== 'value') return fact.kind
  return JSON.stringify(fact.value, (key, it: unknown) => (ESSENTIAL_NOT.has(key) ? undefined : it))
}

const ESSENTIAL_NOT: ReadonlySet<string> = new Set(['agentId', 'mount', 'detail', 'reasons'])
