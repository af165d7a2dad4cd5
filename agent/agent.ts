import { randomUUID } from 'node:crypto'
import type { LocalStatus, RequestProof, RequestToProve } from '../shared/local.ts'
import type { Settings } from '../shared/messages.ts'
import { SIGNAL_IDS } from '../shared/signals.ts'
import type { Probes } from './collect.ts'
import { openConnection, type Connect } from './connection.ts'
import { converse, type Conversation, type ConversationParts } from './conversation.ts'
import { isLoopback } from './address.ts'
import type { Host } from './host/host.ts'
import type { DeviceKey } from './identity/key.ts'
import type { Journal } from './journal.ts'
import { proveRequest } from './prove.ts'
import { openReader } from './reader.ts'
import { hasSlept, retryAfter, type Loss } from './schedule.ts'
import type { Enrollment } from './state.ts'
import { openStatus } from './status.ts'
import { realTimers, type Timers } from './timers.ts'
import { openWatches, type Watch } from './watch.ts'

/** Says what happened, once: to the log of a service, or to a test. */
export type Log = (event: string, details?: Record<string, string | number | boolean | null>) => void

export type AgentParts = {
  version: string
  /** The machine, and its clock. */
  host: Host
  probes: Probes
  watches: readonly Watch[]
  bootId: string
  enrollment: Enrollment
  key: DeviceKey
  nextSequence: () => Promise<number>
  journal: Journal
  log: Log
  /** A number from 0 up to 1. */
  random?: () => number
  timers?: Timers
  connect?: Connect
}

/** An agent at work. */
export type Agent = {
  status(): LocalStatus
  /** Calls back at each change of the status until the returned function is called. */
  onStatus(listener: (status: LocalStatus) => void): () => void
  /** The time by the clock of the collector, as it last told. */
  collectorTime(): Date
  /**
   * The headers with which a program of this laptop makes a request as this device.
   * @throws MusterError `stale` where the collector has not attested this device lately
   */
  prove(request: RequestToProve): Promise<RequestProof>
  /** Reads everything and reports it in full, or first connects again; ends when the reading is done. */
  checkAgain(): Promise<void>
  /** Says goodbye and stops. */
  stop(): void
}

/** Until the collector has said how it wants it. */
const SETTINGS: Settings = { reportSeconds: 900, unchangedSeconds: 300, watchSeconds: 5, signals: SIGNAL_IDS }
/** The pause between two readings that people of the laptop ask for. */
const CHECK_AGAIN_MS = 2000

/** Starts an agent: it connects, reads, reports and watches until it is stopped. */
export function startAgent(parts: AgentParts): Agent {
  const { host, enrollment, key, log, random = Math.random, timers = realTimers, connect = openConnection } = parts
  const clock = host.now
  const alone = isLoopback(enrollment.url)
  const phase = random()
  const offset = { ms: 0 }
  const status = openStatus({ version: parts.version, collectorUrl: enrollment.url, deviceId: key.id }, clock)
  const look = openWatches(host, parts.watches)
  const reader = openReader({
    host,
    probes: parts.probes,
    offsetMs: () => offset.ms,
    onRead: (facts) => status.update({ facts, readAt: clock().toISOString() }),
  })

  let conversation: Conversation | null = null
  let attestation: string | null = null
  let talking = false
  let attempt = 0
  /** What was said of the present outage; null while there is none. */
  let outage: string | null = null
  let stopped = false
  let settings = SETTINGS
  let stopTimers = startTimers()
  let stopRetry: (() => void) | undefined
  let lastLook = clock()
  let lastCheck = 0

  const collectorTime = () => new Date(clock().getTime() + offset.ms)

  function startConversation(): void {
    stopRetry?.()
    if (stopped || conversation) return
    // In an outage the reason stays in view: a state that changes with every try tells nobody anything.
    if (outage === null) status.connection('connecting')
    const conversationParts: ConversationParts = {
      ...parts,
      connect,
      status,
      timers,
      clock,
      offset,
      read: reader.everything,
      onWelcome,
      onAttestation: (jws) => (attestation = jws),
      onTrouble: (what, error) => log(what, { error: String(error) }),
      onEnd,
    }
    conversation = converse(conversationParts)
  }

  function onWelcome(wanted: Settings): void {
    talking = true
    attempt = 0
    settings = wanted
    reader.want(SIGNAL_IDS.filter((id) => settings.signals.includes(id)))
    stopTimers()
    stopTimers = startTimers()
    status.connection('connected')
    log(outage === null ? 'connected' : 'connected again', { collector: enrollment.url })
    outage = null
  }

  const onEnd: ConversationParts['onEnd'] = (end) => {
    conversation = null
    if (stopped) return
    const loss = lossOf(end, talking)
    talking = false
    const retry = retryAfter(loss, { attempt, alone, random: random() })
    attempt = retry.attempt
    stopRetry = timers.after(retry.delayMs, startConversation)

    const what = end.by === 'collector' ? `${end.code}: ${end.reason}` : end.by === 'agent' ? end.reason : end.why
    const retryAt = new Date(clock().getTime() + retry.delayMs)
    status.connection(retry.hopeless ? 'refused' : 'waiting', { words: what, retryAt, code: codeOf(end) })
    // One line for an outage, and one more only where the collector itself says something new.
    if (outage === null || (end.by === 'collector' && outage !== what)) {
      const next = retry.hopeless ? 'it is asked again every ten minutes' : 'the agent keeps trying'
      log('the collector is not connected', { collector: enrollment.url, why: what, next })
      outage = what
    }
    // Without a collector the people of the laptop still want to see how it stands.
    if (status.now().readAt === null) readAndReport()
  }

  function startTimers(): () => void {
    const { reportSeconds, unchangedSeconds, watchSeconds } = settings
    const readSeconds = Math.min(reportSeconds, unchangedSeconds)
    const sayNext = () => {
      status.update({ nextReportAt: new Date(clock().getTime() + readSeconds * 1000).toISOString() })
    }
    sayNext()
    const stopReading = timers.somewhereInEvery(readSeconds, phase, () => {
      sayNext()
      readAndReport()
    })
    const stopWatching = timers.every(watchSeconds, watch)
    return () => {
      stopReading()
      stopWatching()
    }
  }

  function watch(): void {
    const now = clock()
    const slept = hasSlept(lastLook, now, settings.watchSeconds)
    lastLook = now
    if (slept) wakeUp()
    readChanged().catch(logReading)
  }

  async function readChanged(): Promise<void> {
    const changed = await look()
    if (changed.length === 0 || stopped) return
    const facts = await reader.some(changed)
    conversation?.facts({ facts, complete: false, asked: false })
  }

  /** A connection from before the sleep is dead, even where it does not know it yet. */
  function wakeUp(): void {
    attempt = 0
    conversation?.leave('the laptop slept')
    startConversation()
    readAndReport()
  }

  function readAndReport(): void {
    readAll(false).catch(logReading)
  }

  async function readAll(asked: boolean): Promise<void> {
    const facts = await reader.everything()
    conversation?.facts({ facts, complete: true, asked })
  }

  function logReading(error: unknown): void {
    log('this machine could not be read', { error: String(error) })
  }

  startConversation()
  watch()

  return {
    status: status.now,
    onStatus: status.onChange,
    collectorTime,
    prove: (request) => proveRequest(request, { attestation, key, jti: randomUUID(), now: collectorTime() }),
    async checkAgain() {
      const now = clock().getTime()
      if (Math.abs(now - lastCheck) < CHECK_AGAIN_MS || stopped) return
      lastCheck = now
      startConversation()
      await readAll(true)
    },
    stop() {
      if (stopped) return
      stopped = true
      stopTimers()
      stopRetry?.()
      status.connection('stopped')
      conversation?.leave()
      log('stopped')
    },
  }
}

type End = Parameters<ConversationParts['onEnd']>[0]

function lossOf(end: End, wasTalking: boolean): Loss {
  if (end.by === 'collector') return { how: 'dismissed', code: end.code, retryAfterSeconds: end.retryAfterSeconds }
  return { how: end.by === 'network' && end.cut && wasTalking ? 'cut-off' : 'unreachable' }
}

function codeOf(end: End) {
  return end.by === 'network' ? 'collector-unreachable' : end.code
}
