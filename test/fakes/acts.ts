import type { TSchema } from 'typebox'
import { openAccessTokens } from '../../collector/access-tokens.ts'
import { ACTS, actsOf, type ActInput, type ActName, type Acts } from '../../collector/acts/all.ts'
import type { ActParts } from '../../collector/acts/act.ts'
import type { ActEvent } from '../../collector/audit.ts'
import { adoptPolicy } from '../../collector/adopt-policy.ts'
import { openExceptions } from '../../collector/exceptions.ts'
import type { Fleet } from '../../collector/fleet/fleet.ts'
import { openGateways } from '../../collector/gateways.ts'
import { openPolicies } from '../../collector/policies.ts'
import { openSqlite } from '../../collector/store/sqlite.ts'
import type { DeviceRecord, Store } from '../../collector/store/store.ts'
import type { ErrorCode } from '../../shared/errors.ts'
import { parserOf } from '../../shared/schema.ts'
import type { Facts } from '../../shared/signals.ts'
import { enrolled, fleetOver, heldClock, ISSUER, reportOf, START, type HeldClock } from './fleet.ts'

/** A policy whose tiers lean on facts that a test can write in a line. */
export const POLICY = `version: 1
freshness: 15m
tiers:
  public: []
  internal: [firewall]
  confidential: [secure-boot]
checks:
  firewall: { grace: 1d }
groups:
  pilot: { tags: [pilot] }
default-tier: internal
`

/** The acts on the real parts of a collector, but for its network, its keys and its catalogue. */
export type ActsAtWork = {
  acts: Acts
  store: Store
  fleet: Fleet
  clock: HeldClock
  parts: ActParts
  dismissed: [id: string, code: ErrorCode][]
  /** What the audit log was told. */
  audited: ActEvent[]
  /** Devices that are connected. */
  connected: Set<string>
  /** Enrols a device that reports these facts; one without facts has never reported. */
  device(facts: Facts | null, otherwise?: Partial<DeviceRecord>): Promise<string>
  close(): Promise<void>
}

export async function actsAtWork(otherwise: Partial<ActParts> = {}): Promise<ActsAtWork> {
  const store = openSqlite(':memory:')
  const clock = heldClock()
  const policy = { read: () => POLICY, source: 'file' } as const
  const { inForce } = await adoptPolicy(store, policy, clock.now(), () => undefined)
  const fleet = await fleetOver(store, clock, { policy: inForce })
  const exceptions = await openExceptions(store, clock.now)
  exceptions.onChange(fleet.useExceptions)
  const dismissed: [string, ErrorCode][] = []
  const connected = new Set<string>()
  const audited: ActEvent[] = []
  const parts: ActParts = {
    store,
    fleet,
    agents: { recheck: (id) => connected.has(id), dismiss: (id, code) => void dismissed.push([id, code]) },
    policies: openPolicies(store, fleet, clock.now),
    exceptions,
    releases: {
      catalogue: () => ({ date: '2026-11-01', lines: [], releases: [] }),
      refresh: async () => [],
      sources: () => [],
    },
    gateways: await openGateways(
      store,
      openAccessTokens({ issuerUrl: ISSUER, secret: Buffer.alloc(32, 7), clock: clock.now }),
      clock.now,
    ),
    issuer: {
      keys: () => [{ kid: 'first', state: 'active', since: START, until: null }],
      rotate: async () => ({ kid: 'second', state: 'next', since: START, until: new Date(START.getTime() + 900_000) }),
    },
    audit: { acted: async (event) => void audited.push(event) },
    address: { url: 'https://muster.example' },
    clock: clock.now,
    ...otherwise,
  }
  return {
    acts: checked(actsOf(parts)('user anna')),
    store,
    fleet,
    clock,
    parts,
    dismissed,
    audited,
    connected,
    async device(facts, record) {
      const device = await enrolled(store, clock.now(), record)
      await fleet.add(device.id)
      if (facts) await fleet.report(device.id, await reportOf(device, 1, facts, clock.now()))
      return device.id
    },
    close: () => store.close(),
  }
}

/** Acts whose input and whose answer, as JSON carries it, have to be what their schemas say. */
function checked(acts: Acts): Acts {
  return async <Name extends ActName>(name: Name, input: ActInput<Name>) => {
    admit(ACTS[name].input, input)
    const answer = await acts(name, input)
    admit(ACTS[name].answer, JSON.parse(JSON.stringify(answer)))
    return answer
  }
}

function admit(schema: TSchema, given: unknown): void {
  const parsed = parserOf(schema)(given)
  if (!parsed.ok) throw new Error(`not of its schema: ${parsed.problem}`)
}
