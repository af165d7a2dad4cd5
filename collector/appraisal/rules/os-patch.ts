import { Type, type Static, type TObject } from 'typebox'
import type { SignalValue } from '../../../shared/signals.ts'
import { dayOf } from '../day.ts'
import { durationBetween, inWords, milliseconds } from '../duration.ts'
import { isOutstanding, outstandingOf, wordOf, type Outstanding } from '../machine-word.ts'
import { Minimum, inWordsOf, judgeMinimum } from '../minimum.ts'
import { defineRule, pass, unknown, type Judgement, type RuleContext } from '../rule.ts'
import { TRUST } from '../trust-vector.ts'
import { FIX_RESTART, firstOf, judgeReleases, overdue } from './os-patch-releases.ts'

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

const FIX = {
  update:
    'Install the pending security updates (Debian, Ubuntu: sudo apt upgrade; Fedora, RHEL: sudo dnf upgrade --security; ' +
    'SUSE: sudo zypper patch; Arch: sudo pacman -Syu).',
  refresh:
    'Refresh the package lists (Debian, Ubuntu: sudo apt update; Fedora, RHEL: sudo dnf makecache; ' +
    'SUSE: sudo zypper refresh; Arch: sudo pacman -Syu).',
} as const

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

  judgeUnread(unread, asked, context) {
    const least = asked.minimum ? judgeMinimum(asked.minimum, context.facts.os, context.platform) : null
    if (least && (asked.within === undefined || least.verdict === 'fail')) return least
    const { platform } = context
    if (platform === 'linux') return unread
    // That something is missing needs no word of the machine; that nothing is does.
    const found = judgeReleases(UNTOLD, asked, { ...context, platform })
    if (found.verdict === 'fail') return found
    return { ...unread, ...(found.code !== TRUST.affirming && found.until && { until: found.until }) }
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
function judgePackages(
  updates: OsUpdates,
  { within = '14d', lists = '7d' }: Parameters,
  context: RuleContext,
): Judgement {
  const { now, trackedSince } = context
  const missing = outstandingOf(updates, trackedSince ?? now, milliseconds(within))
  // What is known to be missing for too long fails, however old the lists are that do not know of the rest.
  if (missing && now >= missing.due) return overdue(missing, FIX.update)
  const word = wordOf(updates, 'linux', milliseconds(lists), now)
  if (!word.ok) return unknown(word.why, FIX.refresh, firstOf(missing?.due, word.until))
  if (!missing) return pass('no security update is missing', TRUST.affirming, word.until)
  return notYetDue(missing, FIX.update, word.until)
}

function notYetDue({ found, isRestart, due }: Outstanding, fix: string, until: Date): Judgement {
  const why = `${found}; due ${dayOf(due)}`
  return { ...pass(why, TRUST.knownVulnerabilities, firstOf(due, until)), fix: isRestart ? FIX_RESTART : fix }
}
