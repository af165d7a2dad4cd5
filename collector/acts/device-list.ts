import { setImmediate as turn } from 'node:timers/promises'
import { Type, type Static } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { Time } from '../../shared/fact.ts'
import { nullable, oneOf, strict, text } from '../../shared/schema.ts'
import { CHECK_IDS, VERDICTS, type Standing } from '../../shared/standing.ts'
import type { DeviceRecord } from '../store/store.ts'
import { defineAct } from './act.ts'
import { DEVICE_STATUSES } from '../store/store.ts'
import { DeviceShown, PLATFORMS, shownDevice } from './device.ts'
import { PAGE, PageAsked, pageSchema } from './page.ts'

const Row = strict({
  ...DeviceShown,
  tiers: Type.Array(Type.String()),
  checks: Type.Array(
    strict({
      id: Type.String(),
      verdict: oneOf(VERDICTS),
      since: Time,
      deadline: Type.Optional(Time),
      mode: oneOf(['enforce', 'report']),
    }),
  ),
  evidenceAt: nullable(Time),
})

/** Every one that is given has to hold. */
const Filter = {
  /** Admitted to this tier. */
  tier: Type.Optional(text(60)),
  /** Asked this check; with `verdict`, this check with that verdict. */
  check: Type.Optional(oneOf(CHECK_IDS)),
  /** Some check with this verdict. */
  verdict: Type.Optional(oneOf(VERDICTS)),
  platform: Type.Optional(oneOf(PLATFORMS)),
  tag: Type.Optional(text(60)),
  owner: Type.Optional(text(200)),
  status: Type.Optional(oneOf(DEVICE_STATUSES)),
}
const Asked = strict(Filter)
type Asked = Static<typeof Asked>

type Found = { device: DeviceRecord; standing: Standing }

/** How long the event loop is held at a time: whoever asks for a decision meanwhile waits no longer. */
const SLICE_MS = 4

/** Devices in the order of their ids. */
export const listDevices = defineAct({
  input: strict({ ...PageAsked, ...Filter }),
  answer: pageSchema(Row),
  async run({ fleet, policies }, { limit = PAGE, after = '', ...asked }) {
    requireTier(asked.tier, policies.inForce().policy.tiers)
    let found: Found[] = []
    /** Nothing from here on can be on this page. */
    let end: string | null = null
    let began = performance.now()
    for (const device of fleet.devices()) {
      if (performance.now() - began > SLICE_MS) {
        await turn()
        began = performance.now()
      }
      if (device.id <= after || (end !== null && device.id >= end) || !isWanted(device, asked)) continue
      const standing = fleet.standing(device.id)
      if (!standing || !stands(standing, asked)) continue
      found.push({ device, standing })
      // Of 100,000 devices only a few pages are ever sorted.
      if (found.length > 2 * limit) {
        found = found.toSorted(byId).slice(0, limit + 1)
        end = found.at(-1)?.device.id ?? null
      }
    }
    const items = found.toSorted(byId).slice(0, limit)
    return { items: items.map(row), next: found.length > limit ? (items.at(-1)?.device.id ?? null) : null }
  },
})

function requireTier(tier: string | undefined, tiers: readonly { name: string }[]): void {
  if (tier === undefined || tiers.some(({ name }) => name === tier)) return
  throw new MusterError(
    'tier-unknown',
    `there is no tier "${tier}"; there are ${tiers.map(({ name }) => name).join(', ')}`,
  )
}

const byId = (a: Found, b: Found) => (a.device.id < b.device.id ? -1 : 1)

function isWanted(device: DeviceRecord, { platform, tag, owner, status }: Asked): boolean {
  return (
    (platform === undefined || device.platform === platform) &&
    (tag === undefined || device.tags.includes(tag)) &&
    (owner === undefined || device.owner?.toLowerCase() === owner.toLowerCase()) &&
    (status === undefined || device.status === status)
  )
}

function stands({ tiers, checks }: Standing, { tier, check, verdict }: Asked): boolean {
  if (tier !== undefined && !tiers.includes(tier)) return false
  if (check === undefined && verdict === undefined) return true
  return checks.some(
    (it) => (check === undefined || it.id === check) && (verdict === undefined || it.verdict === verdict),
  )
}

function row({ device, standing }: Found): Static<typeof Row> {
  return {
    ...shownDevice(device),
    tiers: standing.tiers,
    checks: standing.checks.map(({ id, verdict, since, deadline, mode }) => ({
      id,
      verdict,
      since,
      ...(deadline !== undefined && { deadline }),
      mode,
    })),
    evidenceAt: standing.evidenceAt,
  }
}
