import { verdictsAt } from '../../collector/appraisal/history.ts'
import type { Fleet } from '../../collector/fleet/fleet.ts'
import type { Report } from '../../collector/protocol/session.ts'
import type { StandingChange, Store } from '../../collector/store/store.ts'
import { MusterError } from '../../shared/errors.ts'
import type { Standing } from '../../shared/standing.ts'
import { factsOf, healthyValues } from './facts.ts'
import { enrolled, fleetOver, heldClock, inForce, START, unsignedReport } from './fleet.ts'
import { heldStore, nextTurn } from './held-store.ts'
import { enrolledAnew, firstTruth, mayBeOpen, restarted, storing, type Kind, type Sent } from './truth.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** `restricted` needs all three. The screen locks after five minutes, which the strict policy and the tag forbid. */
const policy = (within: string) =>
  inForce(`version: 1
freshness: 15m
tiers: { public: [], restricted: [firewall, endpoint-protection, screen-lock] }
default-tier: restricted
checks: { firewall: { grace: 20m }, screen-lock: { within: ${within} } }
overrides:
  - when: { tag: strict }
    checks: { screen-lock: { within: 1m } }
`)
const LAX = policy('15m')
const STRICT = policy('1m')

/** What may go wrong for whoever asks while everything happens at once. */
const EXPECTED = new Set(['message-unexpected', 'store-unavailable', 'device-unknown', 'identity-conflict'])

export type Event = keyof Awaited<ReturnType<typeof openWorld>>['events']

/**
 * One device, a store that answers when it is told to, and everything that can happen to them. After each event it is
 * asked whether what is said is too good, and at the end whether what is written is what is said.
 */
export async function openWorld(sqlite: Store) {
  const clock = heldClock()
  const { id } = await enrolled(sqlite, START)
  const record = (await sqlite.loadDevice(id))!.device
  const mine: Store = { ...sqlite, loadDevices: async () => [await sqlite.loadDevice(id)].filter((it) => it !== null) }
  const problems: string[] = []
  const said: string[] = []
  const truth = firstTruth()
  const sent: Sent[] = []
  const ages = new Map<number, number>()
  let newest: Sent | null = null
  let inForceNow = LAX
  let store = watched()
  let told: StandingChange[] = []
  let fleet = await opened()
  for (let turn = 0; turn < 3; turn += 1) await answerAll()

  /** The store, which tells when a report has had its turn. */
  function watched() {
    const held = heldStore(mine)
    return {
      ...held,
      async saveReport(report: Parameters<Store['saveReport']>[0]) {
        const it = sent[report.sequence - 1]
        if (!it) return held.saveReport(report)
        const isStored = storing(truth, it)
        ages.set(report.at.getTime(), truth.age)
        const saved = await held.saveReport(report)
        if (saved === 'saved') isStored()
        if (saved === 'saved') newest = it
        return saved
      },
    }
  }

  async function opened(): Promise<Fleet> {
    const over = store
    const basis = { policy: inForceNow, exceptions: truth.exceptions }
    const it = await fleetOver(over, clock, basis)
    // One whose process has ended says nothing any more.
    it.onChange((change) => over === store && told.push(change))
    return it
  }

  async function answerAll() {
    await nextTurn()
    while (store.waiting().length > 0) await store.answer()
  }

  /** Begins something that ends when the store lets it. */
  function begin(act: () => Promise<unknown>) {
    act().catch((error: unknown) => {
      if (!(error instanceof MusterError) || !EXPECTED.has(error.code)) problems.push(`threw ${String(error)}`)
    })
  }

  const report = (kind: Kind) => () => begin(() => fleet.report(id, evidence(kind)))

  function evidence(kind: Kind): Report {
    const now = clock.now()
    const values = {
      ...healthyValues(now),
      ...(kind === 'bad' && { 'endpoint-protection': { products: [] } }),
      ...(kind === 'soft' && { firewall: { enabled: false } }),
    }
    const it = unsignedReport(id, sent.length + 1, factsOf(values, now), now)
    sent.push({ kind, digest: it.digest })
    return it
  }

  const use = (next: typeof LAX) => () => {
    truth.isStrict = next === STRICT
    inForceNow = { ...next, version: inForceNow.version + 1, since: clock.now() }
    fleet.usePolicy(inForceNow)
  }

  /** What an admin, or doubt, does to a device that is there. */
  const change = (known: () => void, act: () => Promise<unknown>) => () => {
    if (truth.isGone) return
    known()
    begin(act)
  }

  /** The process ends, and another one begins with what is written. */
  async function crash(): Promise<void> {
    store = watched()
    const state = await sqlite.loadDevice(id)
    restarted(truth, state, sent, (at) => ages.get(at.getTime()) ?? truth.age)
    newest = sent.find((it) => it.digest === state?.evidence?.digest) ?? null
    told = await sqlite.standingChanges({ deviceId: id })
    fleet = await opened()
  }

  const set = (milliseconds: number) => () => {
    truth.isClockSet = true
    // What lies ahead of now began now at the latest: a grace that runs has its time once more.
    if (milliseconds < 0 && truth.softSince !== null) truth.softSince = truth.age
    truth.isExact = false
    clock.set(milliseconds)
  }
  const pass = (milliseconds: number) => () => {
    truth.age += milliseconds
    clock.pass(milliseconds)
  }
  const refuse = (how: 'refuse' | 'refuseOne') => () => {
    truth.isExact = false
    return store[how]()
  }

  const events = {
    good: report('good'),
    bad: report('bad'),
    soft: report('soft'),
    unchanged() {
      if (!newest) return
      const sequence = sent.push(newest)
      const confirmed = { kind: 'unchanged', sequence, digest: newest.digest } as const
      begin(() => fleet.report(id, confirmed))
    },
    strict: use(STRICT),
    lax: use(LAX),
    grant() {
      const createdAt = clock.now()
      const about = { target: { device: id }, check: 'screen-lock', reason: 'a test', approver: 'anna' } as const
      const times = { createdAt, expiresAt: new Date(createdAt.getTime() + 7 * MINUTE), endedAt: null }
      truth.exceptions = [...truth.exceptions, { id: `exc_${truth.exceptions.length}`, ...about, ...times }]
      fleet.useExceptions(truth.exceptions)
    },
    end() {
      truth.exceptions = truth.exceptions.map((it) => ({ ...it, endedAt: clock.now() }))
      fleet.useExceptions(truth.exceptions)
    },
    lock: change(
      () => (truth.status = 'locked-out'),
      () => fleet.setStatus(id, 'locked-out'),
    ),
    readmit: change(
      () => (truth.status = 'active'),
      () => fleet.setStatus(id, 'active'),
    ),
    tag: change(
      () => truth.tags.add('strict'),
      () => fleet.setTags(id, ['strict']),
    ),
    untag: change(
      () => truth.tags.clear(),
      () => fleet.setTags(id, []),
    ),
    suspect: change(
      () => {
        truth.suspected += 1
        truth.isExact = false // what changes meanwhile puts off its mending
      },
      () => fleet.distrust(id, 'unverified'),
    ),
    copy: change(
      () => (truth.isCopied = true),
      () => fleet.distrust(id, 'conflict'),
    ),
    remove: change(
      () => (truth.status = 'locked-out'),
      async () => {
        await fleet.remove(id)
        truth.isGone = true
      },
    ),
    enrol: () =>
      begin(async () => {
        const now = clock.now()
        const token = {
          id: `t${Math.random()}`,
          hash: `t${Math.random()}`,
          createdAt: now,
          uses: 1,
          tags: [],
          owner: null,
        }
        await sqlite.addToken({ ...token, expiresAt: new Date(now.getTime() + DAY) })
        const known = await store.enroll(record, token.hash, now)
        if (typeof known === 'string') return
        if (truth.isGone) enrolledAnew(truth)
        await fleet.add(id)
      }),
    some: pass(6 * MINUTE),
    long: pass(16 * MINUTE),
    forward: set(DAY),
    back: set(-DAY),
    wake: () => void fleet.wake(),
    turn: nextTurn,
    answer: () => store.answer(),
    refuse: refuse('refuse'),
    refuseOne: refuse('refuseOne'),
    crash,
    async crashAfter() {
      await store.performOnly()
      await crash()
    },
  }

  function look(): void {
    const isOpen = fleet.standing(id)?.tiers.includes('restricted') ?? false
    if (isOpen && !mayBeOpen(truth, clock.now())) problems.push(`open after ${said.join(' ')}`)
  }

  return {
    events,
    problems,
    async happen(event: keyof typeof events): Promise<void> {
      said.push(event)
      await events[event]()
      look()
      await nextTurn()
      look()
    },
    /** Lets everything come to its end, and holds what is written against what is said. */
    async end(): Promise<void> {
      for (let count = 0; count < 5; count += 1) {
        await answerAll()
        fleet.wake()
      }
      await answerAll()
      look()
      const standing = fleet.standing(id)
      const tiers = standing?.tiers ?? []
      if (truth.isExact && mayBeOpen(truth, clock.now()) && !tiers.includes('restricted')) problems.push('closed')
      const history = await sqlite.transitions({ deviceId: id })
      problems.push(...breaksOf(history.map(({ check, from, to }) => ({ what: check, from, to }))))
      const replayed = [...verdictsAt(history, clock.now())].map(([check, { to }]) => `${check} ${String(to)}`)
      // Of a device that is gone nothing is told again when the clock is set back.
      if (standing || !truth.isClockSet)
        differ('the history and the present', replayed.toSorted().join(), presentOf(standing))
      const kept = await sqlite.standingChanges({ deviceId: id })
      differ('what was told and what is kept', told.map(textOf).join(), kept.map(textOf).join())
      const moves = told.map(({ before, after }) => ({ what: 'told', from: before.join(), to: after.join() }))
      problems.push(...breaksOf([{ what: 'told', from: null, to: '' }, ...moves]))
      differ('the last that was told and the present', told.at(-1)?.after.join() ?? '', tiers.join())

      if (standing && !truth.isClockSet && !truth.isBadUnwritten) {
        const again = await fleetOver(mine, clock, { policy: inForceNow, exceptions: truth.exceptions })
        await again.settled()
        differ('what is said after a restart and before', textOfStanding(again.standing(id)), textOfStanding(standing))
        const after = [await sqlite.transitions({ deviceId: id }), await sqlite.standingChanges({ deviceId: id })]
        differ(
          'history after a restart and before',
          after.map((it) => it.length).join(),
          `${history.length},${kept.length}`,
        )
      }
      if (problems.length > 0) problems.push(`by ${said.join(' ')}`)
    },
  }

  function differ(what: string, some: string, other: string): void {
    if (some !== other) problems.push(`${what}: ${some}\n${other}`)
  }
}

const presentOf = (standing: Standing | null) =>
  (standing?.checks ?? [])
    .map(({ id, verdict }) => `${id} ${verdict}`)
    .toSorted()
    .join()

const textOf = ({ at, after }: StandingChange) => `${at.toISOString()} ${after.join(' ')}`

/** All but what is worded by the minute. */
const textOfStanding = (standing: Standing | null) =>
  JSON.stringify(
    standing && { ...standing, evaluatedAt: '', checks: standing.checks.map((it) => ({ ...it, why: '' })) },
  )

type Move = { what: string; from: string | null; to: string | null }

/** Where a chain does not go on from what it came to. */
function breaksOf(moves: readonly Move[]): string[] {
  const last = new Map<string, string | null>()
  return moves.flatMap(({ what, from, to }) => {
    const before = last.get(what) ?? null
    last.set(what, to)
    return before === from ? [] : [`${what} was ${String(before)} and went from ${String(from)} to ${String(to)}`]
  })
}
