import type { Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import { catalogueOf, type Release } from '../catalogue.ts'
import { dayOf, endOfDay, lastDayBefore } from '../day.ts'
import { milliseconds } from '../duration.ts'
import { outstandingOf, wordOf, type Outstanding } from '../machine-word.ts'
import { patchLevelOf, type Installed } from '../patch-level.ts'
import { fail, pass, unknown, type Judgement, type RuleContext } from '../rule.ts'
import { TRUST } from '../trust-vector.ts'
import { nameOf } from '../versions.ts'

const FIX = {
  windows: {
    update: 'Install the pending updates in Settings, Windows Update, and restart the laptop.',
    refresh: 'Search for updates in Settings, Windows Update, and ask your admin to refresh the release catalogue.',
  },
  macos: {
    update: 'Install the pending updates in System Settings, General, Software Update.',
    refresh:
      'Search for updates in System Settings, General, Software Update, and ask your admin to refresh the release catalogue.',
  },
} as const
const FIX_NOT_OFFERED =
  'If none is offered, ask your admin: updates may be held back, or there are none any more for this release.'
const FIX_OS = 'See why the agent cannot read the version of the operating system.'
const FIX_PLATFORM = 'Enrol the device again with the agent of the operating system that runs on it.'
export const FIX_RESTART = 'Restart the laptop, so that the installed updates take effect.'

/** The parameters of os-patch that concern releases; each has a default. */
type Times = { within?: string; exploited?: string; lists?: string; catalogue?: string }

/** Windows and macOS: what the catalogue says of the version that is installed, and what the machine itself knows. */
export function judgeReleases(
  updates: SignalValue['os-updates'],
  asked: Times,
  context: RuleContext & { platform: 'windows' | 'macos'; facts: { os: Fact<SignalValue['os']> } },
): Judgement {
  const { now, platform, trackedSince, catalogue } = context
  const { os } = context.facts
  const { within = '14d', lists = '7d', catalogue: oldest = '60d' } = asked
  const fix = FIX[platform]
  const known = outstandingOf(updates, trackedSince ?? now, milliseconds(within))
  if (known && now >= known.due) return overdue(known, fix.update)
  if (os.kind !== 'value') return unknown(`the operating system is not known: ${os.why}`, FIX_OS, known?.due)
  if (!isOn(platform, os.value)) {
    const why = `the device was enrolled on ${platform}, and says that it runs ${os.value.platform}`
    return unknown(why, FIX_PLATFORM, known?.due)
  }
  const level = patchLevelOf(os.value, catalogue)
  if (!level.ok) return unknown(level.problem, FIX_OS, known?.due)

  const { missed, doubt, asOf } = level.value
  const name = nameOf(os.value)
  const source = catalogueOf(asOf, now)
  const lacking = lackingOf(name, missed, asked)
  const fixLacking = fixOfLacking(updates, fix.update)
  if (lacking && now >= lacking.due) {
    const why = `${lacking.why}; was due ${lastDayBefore(lacking.due)} (${source})`
    return fail(why, fixLacking, TRUST.knownVulnerabilities)
  }
  const due = firstOf(known?.due, lacking?.due)

  // What an old catalogue lacks, and what it does not know, the machine may still know.
  const catalogueEnd = new Date(endOfDay(asOf).getTime() + milliseconds(oldest))
  const word = wordOf(updates, platform, milliseconds(lists), now)
  const because = doubt ?? 'the release catalogue is too old to say that nothing is missing'
  let leansOn: { why: string; until: Date }
  if (doubt === null && now < catalogueEnd) {
    leansOn = { why: `${name} lacks no security release (${source})`, until: catalogueEnd }
  } else if (word.ok) {
    const why = `no other update is missing by what the machine found on ${dayOf(word.at)}; ${because} (${source})`
    leansOn = { why, until: word.until }
  } else {
    return unknown(`${because} (${source}); ${word.why}`, fix.refresh, firstOf(due, word.until))
  }

  if (due === undefined) return pass(leansOn.why, TRUST.affirming, leansOn.until)
  const whys = [
    lacking && `${lacking.why}; due ${lastDayBefore(lacking.due)} (${source})`,
    known && `${known.found}; due ${dayOf(known.due)}`,
    lacking ? null : leansOn.why,
  ]
  return {
    ...pass(whys.filter((it) => it !== null).join('; '), TRUST.knownVulnerabilities, firstOf(due, leansOn.until)),
    fix: lacking ? fixLacking : known?.isRestart ? FIX_RESTART : fix.update,
  }
}

/** What it lacks may be installed and wait for a restart; and some machines are not offered what they lack. */
function fixOfLacking({ rebootRequired, pendingSecurity }: SignalValue['os-updates'], update: string): string {
  if (rebootRequired) return `${FIX_RESTART} ${update}`
  return pendingSecurity === 0 ? `${update} ${FIX_NOT_OFFERED}` : update
}

function isOn(platform: 'windows' | 'macos', os: SignalValue['os']): os is Installed {
  return os.platform === platform
}

/** What a machine lacks, in words, and by when it has to have it: the first of them that is due decides. */
function lackingOf(name: string, missed: readonly Release[], { within = '14d', exploited = within }: Times) {
  const [newest] = missed
  if (!newest) return null
  const days = missed.map(({ releasedOn }) => releasedOn).toSorted()
  const withinMs = (release: Release) =>
    Math.min(milliseconds(within), release.exploited ? milliseconds(exploited) : Infinity)
  const dues = missed.map((release) => endOfDay(release.releasedOn).getTime() + withinMs(release))
  const which =
    missed.length === 1
      ? `the security release ${newest.version} of ${newest.releasedOn}`
      : `${missed.length} security releases since ${days[0]}, the newest is ${newest.version} of ${newest.releasedOn}`
  const attacked = missed.some((release) => release.exploited)
    ? ', and what is fixed there is known to be attacked'
    : ''
  return { why: `${name} lacks ${which}${attacked}`, due: new Date(Math.min(...dues)) }
}

/** What the machine itself knows to be missing for too long. */
export function overdue({ found, isRestart }: Outstanding, fix: string): Judgement {
  return fail(found, isRestart ? FIX_RESTART : fix, TRUST.knownVulnerabilities)
}

/** The first of the moments that there are. */
export function firstOf(...moments: readonly (Date | undefined)[]): Date | undefined {
  const [first] = moments.filter((it) => it !== undefined).toSorted((a, b) => a.getTime() - b.getTime())
  return first
}
