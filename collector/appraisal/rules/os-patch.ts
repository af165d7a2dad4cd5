import { Type, type Static, type TObject } from 'typebox'
import type { Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import { catalogueOf, endOfDay, lastDayBefore, dayOf } from '../catalogue-age.ts'
import type { Release } from '../catalogue.ts'
import { durationBetween, inWords, milliseconds } from '../duration.ts'
import { isOutstanding, outstandingOf, wordOf, type Outstanding } from '../machine-word.ts'
import { Minimum, inWordsOf, judgeMinimum } from '../minimum.ts'
import { patchLevelOf, type Installed } from '../patch-level.ts'
import { defineRule, fail, pass, unknown, type Judgement, type RuleContext } from '../rule.ts'
import { TRUST } from '../trust-vector.ts'
import { nameOf } from '../versions.ts'

type OsUpdates = SignalValue['os-updates']

const parameters = {
  /** How long a security release may be missing: since its release, and since the machine was first seen to lack it. */
  within: Type.Optional(durationBetween('0m', '366d')),
  /** The same for a release that fixes something which is known to be attacked, where that is to be sooner. */
  exploited: Type.Optional(durationBetween('0m', '366d')),
  /** How old the machine's own word may be that nothing is missing. */
  lists: Type.Optional(durationBetween('1m', '366d')),
  /** How old the catalogue may be that says that nothing is missing. */
  catalogue: Type.Optional(durationBetween('1m', '366d')),
  /** The least versions. Without `within` they alone count on the systems that they name. */
  minimum: Type.Optional(Minimum),
}
type Parameters = Static<TObject<typeof parameters>>
type Context = RuleContext & { facts: { os: Fact<SignalValue['os']> } }

const FIX = {
  linux: {
    update:
      'Install the pending security updates (Debian, Ubuntu: sudo apt upgrade; Fedora, RHEL: sudo dnf upgrade --security; ' +
      'SUSE: sudo zypper patch; Arch: sudo pacman -Syu).',
    refresh:
      'Refresh the package lists (Debian, Ubuntu: sudo apt update; Fedora, RHEL: sudo dnf makecache; ' +
      'SUSE: sudo zypper refresh; Arch: sudo pacman -Syu).',
  },
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
const FIX_RESTART = 'Restart the laptop, so that the installed updates take effect.'
const FIX_OS = 'See why the agent cannot read the version of the operating system.'
const FIX_PLATFORM = 'Enrol the device again with the agent of the operating system that runs on it.'

export const osPatch = defineRule({
  signal: 'os-updates',
  also: ['os'],
  claim: 'configuration',
  parameters,
  fixUnread: 'See why the agent cannot read which updates are pending.',
  tracks: isOutstanding,

  ask({ within, exploited, minimum }) {
    const sooner = exploited ? `, ${inWords(milliseconds(exploited))} where they fix what is attacked` : ''
    const timely = `ecurity updates are installed within ${inWords(milliseconds(within ?? '14d'))}${sooner}.`
    if (!minimum) return `S${timely}`
    const least = `The operating system is at least ${inWordsOf(minimum)}`
    return within === undefined ? `${least}; on others s${timely}` : `${least}, and s${timely}`
  },

  judge(updates, asked, context) {
    const least = asked.minimum ? judgeMinimum(asked.minimum, context.facts.os, context.platform) : null
    if (least && asked.within === undefined) return least
    const { platform } = context
    const found =
      platform === 'linux'
        ? judgePackages(updates, asked, context)
        : judgeReleases(updates, asked, { ...context, platform })
    return least ? worse(found, least) : found
  },

  judgeUnread(asked, context) {
    const least = asked.minimum ? judgeMinimum(asked.minimum, context.facts.os, context.platform) : null
    if (least && asked.within === undefined) return least
    const { platform } = context
    const found = platform === 'linux' ? null : judgeReleases(UNTOLD, asked, { ...context, platform })
    // That something is missing needs no word of the machine; that nothing is does.
    return [least, found].find((it) => it?.verdict === 'fail') ?? null
  },
})

const UNTOLD: OsUpdates = {
  pendingSecurity: null,
  pending: null,
  lastInstalledAt: null,
  lastCheckedAt: null,
  automatic: null,
  rebootRequired: null,
}

const RANK = { fail: 0, unknown: 1, pass: 2 } as const

function worse(found: Judgement, least: Judgement): Judgement {
  return RANK[least.verdict] < RANK[found.verdict] ? least : found
}

/** Linux: what the packages of the machine itself say. */
function judgePackages(updates: OsUpdates, { within = '14d', lists = '7d' }: Parameters, context: Context): Judgement {
  const { now, trackedSince } = context
  const missing = outstandingOf(updates, trackedSince ?? now, milliseconds(within))
  // What is known to be missing for too long fails, however old the lists are that do not know of the rest.
  if (missing && now >= missing.due) return overdue(missing, FIX.linux.update)
  const word = wordOf(updates, 'linux', milliseconds(lists), now)
  if (!word.ok) return unknown(word.why, FIX.linux.refresh, missing?.due)
  if (!missing) return pass('no security update is missing', TRUST.affirming, word.until)
  return notYetDue(missing, FIX.linux.update, word.until)
}

function overdue({ found, isRestart }: Outstanding, fix: string): Judgement {
  return fail(found, isRestart ? FIX_RESTART : fix, TRUST.knownVulnerabilities)
}

function notYetDue({ found, isRestart, due }: Outstanding, fix: string, until: Date): Judgement {
  const why = `${found}; due ${dayOf(due)}`
  return { ...pass(why, TRUST.knownVulnerabilities, earlier(due, until)), fix: isRestart ? FIX_RESTART : fix }
}

const earlier = (one: Date, other: Date): Date => (one < other ? one : other)

/** Windows and macOS: what the catalogue says of the version that is installed, and what the machine itself knows. */
function judgeReleases(
  updates: OsUpdates,
  asked: Parameters,
  context: Context & { platform: 'windows' | 'macos' },
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
  if (lacking && now >= lacking.due) {
    return fail(
      `${lacking.why}; was due ${lastDayBefore(lacking.due)} (${source})`,
      fix.update,
      TRUST.knownVulnerabilities,
    )
  }
  const due = known && lacking ? earlier(known.due, lacking.due) : (known ?? lacking)?.due

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
    return unknown(`${because} (${source}); ${word.why}`, fix.refresh, due)
  }

  if (due === undefined) return pass(leansOn.why, TRUST.affirming, leansOn.until)
  const whys = [
    lacking && `${lacking.why}; due ${lastDayBefore(lacking.due)} (${source})`,
    known && `${known.found}; due ${dayOf(known.due)}`,
    lacking ? null : leansOn.why,
  ]
  return {
    ...pass(whys.filter((it) => it !== null).join('; '), TRUST.knownVulnerabilities, earlier(due, leansOn.until)),
    fix: known?.isRestart && !lacking ? FIX_RESTART : fix.update,
  }
}

function isOn(platform: 'windows' | 'macos', os: SignalValue['os']): os is Installed {
  return os.platform === platform
}

/** What a machine lacks, in words, and by when it has to have it: the first of them that is due decides. */
function lackingOf(name: string, missed: readonly Release[], { within = '14d', exploited = within }: Parameters) {
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
