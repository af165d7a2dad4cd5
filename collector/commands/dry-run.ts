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
  for (const { tier, lose, willLose, gain } of tiers) {
    if (lose > 0) blocks.push(block(`${whoWould(lose, 'lose', tier)}:`, losers(changes, tier), lose))
    if (willLose > 0) {
      const head = `${whoWould(willLose, 'keep', tier)} for a while only:`
      blocks.push(block(head, later(changes, tier, now()), willLose))
    }
    if (gain > 0) blocks.push(block(`${whoWould(gain, 'gain', tier)}:`, gainers(changes, tier), gain))
  }
  blocks.push(changed === 0 ? `Nothing would change for ${counted(devices, 'device')}.` : summary(dryRun))
  if (!isRunning())
    blocks.push('No collector runs here, so every device that has not reported just now counts as stale.')
  return blocks.join('\n\n')
}

function whoWould(count: number, verb: string, tier: string): string {
  return `${count === 1 ? 'This device' : `These ${number(count)} devices`} would ${verb} \`${tier}\``
}

const who = ({ hostname, owner }: Change) => [hostname, orDash(owner)]

function losers(changes: readonly Change[], tier: string): string[][] {
  return changes.flatMap((change) =>
    change.loses.filter((it) => it.tier === tier).map(({ checks }) => [...who(change), orDash(checks)]),
  )
}

function later(changes: readonly Change[], tier: string, now: Date): string[][] {
  return changes.flatMap((change) =>
    change.willLose
      .filter((it) => it.tier === tier)
      .map(({ checks, on }) => [...who(change), `${orDash(checks)} until ${moment(on)} (${ahead(on, now)})`]),
  )
}

function gainers(changes: readonly Change[], tier: string): string[][] {
  return changes.flatMap((change) =>
    change.gains
      .filter((it) => it.tier === tier)
      .map(({ checks }) => [...who(change), checks.length > 0 ? `no longer closed by ${checks.join(', ')}` : '-']),
  )
}

function block(head: string, rows: string[][], count: number): string {
  const lines = rows.length === 0 ? [] : table(['DEVICE', 'OWNER', 'WHY'], rows).split('\n')
  const rest = count - rows.length
  if (rest > 0) lines.push(`and ${number(rest)} more: --all names them`)
  return [head, ...lines.map((line) => `  ${line}`)].join('\n')
}

function summary({ devices, changed }: DryRun): string {
  return `Something would change for ${number(changed)} of ${counted(devices, 'device')}. Nothing has been changed.`
}
