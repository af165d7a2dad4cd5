import type { CheckResult, Standing } from '../../shared/standing.ts'
import { holdsOpen } from './admit.ts'
import type { Policy, Tier } from './policy.ts'

/** One tier as it stands to one device. */
type TierStanding = {
  tier: string
  isOpen: boolean
  /** The checks that close it; none where it is open, or closed by something other than the policy. */
  closedBy: string[]
  /** When it closes if nothing is mended: the first end of what holds a check open, grace or exception (RFC 3339). */
  until: string | null
  /** The checks that close it then. */
  endedBy: string[]
}

/** A device and how every tier of a policy stands to it. */
export type DeviceTiers = {
  deviceId: string
  hostname: string
  owner: string | null
  tiers: readonly TierStanding[]
}

/** A tier and the checks that decide it; none where the tier itself is new or gone, or something else decides. */
type TierChange = { tier: string; checks: string[] }

type DeviceChange = {
  deviceId: string
  hostname: string
  owner: string | null
  /** The tiers that it is admitted to, from the least to the most sensitive. */
  before: string[]
  after: string[]
  gains: TierChange[]
  loses: TierChange[]
  /** What it keeps or gains for a while only, and would lose on that day; not what it would lose then anyhow. */
  willLose: (TierChange & { on: string })[]
}

/** What a policy would change, without having changed it. JSON carries it. */
export type DryRun = {
  /** How many devices were compared. */
  devices: number
  /** For each tier of either policy: how many are admitted, and for how many that changes. */
  tiers: { tier: string; before: number; after: number; gain: number; lose: number; willLose: number }[]
  /** The devices for which something changes: who loses first, then who will, then who gains. */
  changes: DeviceChange[]
}

/** Where a device stands; with its checks as they were without exceptions, where any of them is excepted. */
export type Stands = Pick<Standing, 'tiers' | 'checks'> & { unexcused?: readonly CheckResult[] }

/** How the tiers of a policy stand to a device, by the standing that the policy gives it. */
export function deviceTiers(
  device: { id: string; hostname: string; owner: string | null },
  stands: Stands,
  policy: Pick<Policy, 'tiers'>,
): DeviceTiers {
  const { id: deviceId, hostname, owner } = device
  return { deviceId, hostname, owner, tiers: policy.tiers.map((tier) => tierStanding(tier, stands)) }
}

function tierStanding(tier: Tier, { tiers, checks, unexcused = [] }: Stands): TierStanding {
  const isOpen = tiers.includes(tier.name)
  const counted = checks.filter(({ id, mode }) => mode === 'enforce' && tier.checks.some((check) => check === id))
  if (!isOpen) {
    const closedBy = counted.filter((check) => !holdsOpen(check, tier)).map(({ id }) => id)
    return { tier: tier.name, isOpen, closedBy, until: null, endedBy: [] }
  }
  // Times of one form and zone: the order of the text is the order in time.
  const ends = counted.flatMap((check) => {
    const on = endOf(check, unexcused, tier)
    return on === undefined ? [] : [{ id: check.id, on }]
  })
  const [until = null] = ends.map(({ on }) => on).toSorted()
  const endedBy = ends.filter(({ on }) => on === until).map(({ id }) => id)
  return { tier: tier.name, isOpen, closedBy: [], until, endedBy }
}

/** Until when a check holds a tier open. Grace runs on beneath an exception, and may be left when that ends. */
function endOf(
  { id, verdict, deadline }: CheckResult,
  unexcused: readonly CheckResult[],
  tier: Tier,
): string | undefined {
  const beneath = unexcused.find((check) => check.id === id)
  if (verdict !== 'excepted' || !beneath || !holdsOpen(beneath, tier)) return deadline
  const ends = [deadline, beneath.deadline].filter((end) => end !== undefined)
  return ends.toSorted().at(-1)
}

/** Which devices gain or lose which tier between two policies. A device that only one side knows is left out. */
export function compareTiers(before: readonly DeviceTiers[], after: readonly DeviceTiers[]): DryRun {
  const earlier = new Map(before.map((device) => [device.deviceId, device]))
  const pairs = after.flatMap((device) => {
    const was = earlier.get(device.deviceId)
    return was ? [{ was, is: device }] : []
  })
  const changes = pairs.flatMap(({ was, is }) => changeOf(was, is) ?? []).toSorted(byWeight)
  const names = new Set(pairs.flatMap(({ was, is }) => [...is.tiers, ...was.tiers].map(({ tier }) => tier)))
  const tiers = [...names].map((tier) => {
    const isAdmitted = (device: DeviceTiers) => device.tiers.some((it) => it.tier === tier && it.isOpen)
    const isIn = (list: readonly TierChange[]) => list.some((it) => it.tier === tier)
    return {
      tier,
      before: count(pairs, ({ was }) => isAdmitted(was)),
      after: count(pairs, ({ is }) => isAdmitted(is)),
      gain: count(changes, ({ gains }) => isIn(gains)),
      lose: count(changes, ({ loses }) => isIn(loses)),
      willLose: count(changes, ({ willLose }) => isIn(willLose)),
    }
  })
  return { devices: pairs.length, tiers, changes }
}

const count = <T>(list: readonly T[], isCounted: (it: T) => boolean): number => list.filter(isCounted).length

function changeOf(was: DeviceTiers, is: DeviceTiers): DeviceChange | null {
  const wasOf = new Map(was.tiers.map((it) => [it.tier, it]))
  const isOf = new Map(is.tiers.map((it) => [it.tier, it]))
  const opened = is.tiers.filter(({ tier, isOpen }) => isOpen && !wasOf.get(tier)?.isOpen)
  const closed = was.tiers.filter(({ tier, isOpen }) => isOpen && !isOf.get(tier)?.isOpen)
  const gains = opened.map(({ tier }) => ({ tier, checks: wasOf.get(tier)?.closedBy ?? [] }))
  const loses = closed.map(({ tier }) => ({ tier, checks: isOf.get(tier)?.closedBy ?? [] }))
  const willLose = is.tiers.flatMap(({ tier, until, endedBy }) => {
    const anyhow = wasOf.get(tier)?.until ?? null
    return until !== null && (anyhow === null || until < anyhow) ? [{ tier, checks: endedBy, on: until }] : []
  })
  if (gains.length + loses.length + willLose.length === 0) return null
  const { deviceId, hostname, owner } = is
  return { deviceId, hostname, owner, before: admitted(was), after: admitted(is), gains, loses, willLose }
}

const admitted = ({ tiers }: DeviceTiers): string[] => tiers.filter(({ isOpen }) => isOpen).map(({ tier }) => tier)

/** Whoever loses most comes first, then by the day of the loss; one order for the same changes, whatever came in. */
function byWeight(a: DeviceChange, b: DeviceChange): number {
  return (
    b.loses.length - a.loses.length ||
    inOrder(firstLoss(a), firstLoss(b)) ||
    inOrder(a.hostname, b.hostname) ||
    inOrder(a.deviceId, b.deviceId)
  )
}

/** After every time where there is none. */
const firstLoss = ({ willLose }: DeviceChange): string => willLose.map(({ on }) => on).toSorted()[0] ?? '~'

const inOrder = (a: string, b: string): number => (a < b ? -1 : Number(a > b))
