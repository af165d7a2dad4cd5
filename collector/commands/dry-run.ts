import { isDeepStrictEqual } from 'node:util'
import type { ActAnswer } from '../acts/all.ts'
import type { Session } from './command.ts'
import { table } from './table.ts'
import { ahead, counted, moment, number, orDash } from './wording.ts'

type DryRun = ActAnswer<'policy-dry-run'>
type Change = DryRun['changes'][number]

/** A dry run for a person: the numbers of each tier, then whom it concerns, tier by tier, who loses first. */
export function dryRunText(dryRun: DryRun, { isRunning, now }: Pick<Session, 'isRunning' | 'now'>): string {
  const { devices, changed, tiers, changes } = dryRun
  const blocks = [
    table(
      ['TIER', 'NOW', 'THEN', 'LOSE', 'GAIN', 'LOSE LATER'],
      tiers.map((it) => [it.tier, ...[it.before, it.after, it.lose, it.gain, it.willLose].map(number)]),
    ),
  ]
  const found = tiers.flatMap(({ tier, lose, willLose, gain }): Found[] => [
    { verb: 'lose', end: ':', tiers: [tier], count: lose, rows: losers(changes, tier) },
    { verb: 'keep', end: ' for a while only:', tiers: [tier], count: willLose, rows: later(changes, tier, now()) },
    { verb: 'gain', end: ':', tiers: [tier], count: gain, rows: gainers(changes, tier) },
  ])
  blocks.push(...together(found.filter(({ count }) => count > 0)).map(block))
  blocks.push(changed === 0 ? `Nothing would change for ${counted(devices, 'device')}.` : summary(dryRun))
  if (!isRunning())
    blocks.push('No collector runs here, so every device that has not reported just now counts as stale.')
  return blocks.join('\n\n')
}

/** Whom a change of some tiers concerns: all of them, or those that are named. */
type Found = { verb: string; end: string; tiers: string[]; count: number; rows: string[][] }

/** Tiers hold one another, so most changes of one are those of the next: told once, where all of both are known. */
function together(found: readonly Found[]): Found[] {
  const merged: Found[] = []
  for (const it of found) {
    const same = merged.find(
      ({ verb, count, rows }) =>
        verb === it.verb && count === rows.length && count === it.count && isDeepStrictEqual(rows, it.rows),
    )
    if (same) same.tiers.push(...it.tiers)
    else merged.push({ ...it, tiers: [...it.tiers] })
  }
  return merged
}

const nameAndOwner = ({ hostname, owner }: Change) => [hostname, orDash(owner)]

function losers(changes: readonly Change[], tier: string): string[][] {
  return changes.flatMap((change) =>
    change.loses.filter((it) => it.tier === tier).map(({ checks }) => [...nameAndOwner(change), orDash(checks)]),
  )
}

function later(changes: readonly Change[], tier: string, now: Date): string[][] {
  return changes.flatMap((change) =>
    change.willLose
      .filter((it) => it.tier === tier)
      .map(({ checks, on }) => [...nameAndOwner(change), `${orDash(checks)} until ${moment(on)} (${ahead(on, now)})`]),
  )
}

function gainers(changes: readonly Change[], tier: string): string[][] {
  return changes.flatMap((change) =>
    change.gains
      .filter((it) => it.tier === tier)
      .map(({ checks }) => [
        ...nameAndOwner(change),
        checks.length > 0 ? `no longer closed by ${checks.join(', ')}` : '-',
      ]),
  )
}

function block({ verb, end, tiers, count, rows }: Found): string {
  const who = count === 1 ? 'This device' : `These ${number(count)} devices`
  const names = new Intl.ListFormat('en-GB').format(tiers.map((tier) => `\`${tier}\``))
  const lines = rows.length === 0 ? [] : table(['DEVICE', 'OWNER', 'WHY'], rows).split('\n')
  const rest = count - rows.length
  if (rest > 0) lines.push(`and ${number(rest)} more: --all names them`)
  return [`${who} would ${verb} ${names}${end}`, ...lines.map((line) => `  ${line}`)].join('\n')
}

function summary({ devices, changed }: DryRun): string {
  return `Something would change for ${number(changed)} of ${counted(devices, 'device')}. Nothing has been changed.`
}
