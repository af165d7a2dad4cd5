import { Type } from 'typebox'
import type { SignalValue } from '../../../shared/signals.ts'
import { Duration, inWords, milliseconds, plural } from '../duration.ts'
import { defineRule, fail, pass, unknown } from '../rule.ts'
import { TRUST } from '../trust-vector.ts'

const parameters = {
  /** How old a missing security release may be. */
  within: Type.Optional(Duration),
  /** How old the package lists may be that say that nothing is missing. */
  lists: Type.Optional(Duration),
}

const FIX = {
  update:
    'Install the pending security updates (Debian, Ubuntu: sudo apt upgrade; Fedora, RHEL: sudo dnf upgrade --security; ' +
    'SUSE: sudo zypper patch; Arch: sudo pacman -Syu).',
  restart: 'Restart the laptop, so that the installed updates take effect.',
  refresh:
    'Refresh the package lists (Debian, Ubuntu: sudo apt update; Fedora, RHEL: sudo dnf makecache; ' +
    'SUSE: sudo zypper refresh; Arch: sudo pacman -Syu).',
} as const

/** A list from the future tells nothing about its age; an hour is what two clocks may differ without harm. */
const CLOCKS_DIFFER = 3_600_000

/** An installed kernel that does not run yet protects nobody, so a restart that is due counts as a missing update. */
function outstanding(updates: SignalValue['os-updates']): boolean | null {
  if (updates.rebootRequired === true) return true
  return updates.pendingSecurity === null ? null : updates.pendingSecurity > 0
}

export const osPatch = defineRule({
  signal: 'os-updates',
  claim: 'configuration',
  parameters,
  fixUnread: 'See why the agent cannot read which updates are pending.',
  ask: ({ within = '14d' }) => `Security updates are installed within ${inWords(milliseconds(within))}.`,
  tracks: outstanding,

  judge(updates, { within = '14d', lists = '7d' }, { now, platform, trackedSince }) {
    if (platform !== 'linux') {
      return unknown(`the release catalogue does not cover ${platform} yet`, 'Ask your admin.')
    }
    const missing = outstanding(updates)
    const since = trackedSince ?? now
    const due = new Date(since.getTime() + milliseconds(within))
    const found = updates.pendingSecurity
      ? `${plural(updates.pendingSecurity, 'security update')} pending`
      : 'installed updates wait for a restart'
    const fix = updates.pendingSecurity ? FIX.update : FIX.restart
    const first = `first seen ${day(since)}`
    // What is known to be missing for too long fails, however old the lists are that do not know of the rest.
    if (missing && now >= due) return fail(`${found}, ${first}`, fix, TRUST.knownVulnerabilities)

    const failsAt = missing ? due : undefined
    if (updates.pendingSecurity === null) {
      const because = updates.detail ? `: ${updates.detail}` : ''
      return unknown(`which security updates are pending is not known${because}`, FIX.refresh, failsAt)
    }
    const listsAt = updates.lastCheckedAt === null ? Number.NaN : Date.parse(updates.lastCheckedAt)
    if (!(listsAt <= now.getTime() + CLOCKS_DIFFER)) {
      return unknown('when the package lists were refreshed is not known', FIX.refresh, failsAt)
    }
    const listsEnd = new Date(listsAt + milliseconds(lists))
    if (now >= listsEnd) {
      const age = inWords(now.getTime() - listsAt)
      return unknown(`the package lists are ${age} old, so what is missing is not known`, FIX.refresh, failsAt)
    }

    if (!missing) return pass('no security update is missing', TRUST.affirming, listsEnd)
    const until = due < listsEnd ? due : listsEnd
    return { ...pass(`${found}, ${first}; due ${day(due)}`, TRUST.knownVulnerabilities, until), fix }
  },
})

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
