import { Type } from 'typebox'
import { catalogueOf } from '../catalogue.ts'
import { endOfDay, lastDayBefore } from '../day.ts'
import { durationBetween, milliseconds } from '../duration.ts'
import { defineRule, fail, pass, unknown } from '../rule.ts'
import { supportEndOf, supportLineOf } from '../support-line.ts'
import { TRUST } from '../trust-vector.ts'
import { nameOf } from '../versions.ts'

const FIX = {
  upgrade: 'Upgrade to a release that still gets security updates.',
  catalogue: 'Ask your admin to refresh the release catalogue.',
  unknown: 'Ask your admin which release to install, or to refresh the release catalogue.',
  platform: 'Enrol the device again with the agent of the operating system that runs on it.',
} as const

export const osSupported = defineRule({
  signal: 'os',
  claim: 'configuration',
  parameters: {
    /** How old a catalogue may be that knows no end of support. */
    catalogue: Type.Optional(durationBetween('1m', '3660d')),
  },
  fixUnread: 'See why the agent cannot read the version of the operating system.',
  ask: () => 'The operating system still gets security updates from its maker.',

  judge(os, { catalogue: oldest = '400d' }, { now, platform, catalogue }) {
    if (os.platform !== platform) {
      return unknown(`the device was enrolled on ${platform}, and says that it runs ${os.platform}`, FIX.platform)
    }
    const found = supportLineOf(catalogue, os)
    const asOf = (found.ok && found.value.asOf) || catalogue.date
    const source = catalogueOf(asOf, now)
    if (!found.ok) {
      // What the vendor wrote into the system itself serves where the catalogue does not know the line.
      if (os.platform === 'linux' && os.supportEnd !== undefined) {
        return judgeEnd(nameOf(os), new Date(os.supportEnd), 'as the system itself says', now)
      }
      return unknown(`${found.problem} (${source})`, FIX.unknown)
    }

    const { name, version } = found.value
    const end = supportEndOf(found.value, os)
    if (end.at !== null) {
      if (now >= end.at && end.isDoubtful) {
        const why = `${name} is out of support, and whether extended updates arrive is not told (${source})`
        return unknown(why, 'See why the agent cannot read the revision of the build.')
      }
      return judgeEnd(name, end.at, `${end.isExtended ? 'with extended updates; ' : ''}${source}`, now)
    }
    if (version === null) return pass(`${name} is a rolling release (${source})`)
    // No line is supported for ever: one without an end is so only for as long as somebody looks.
    const until = new Date(endOfDay(asOf).getTime() + milliseconds(oldest))
    if (now >= until) return unknown(`the end of support of ${name} is not known (${source})`, FIX.catalogue)
    return pass(`${name} is supported, and no end is known (${source})`, TRUST.affirming, until)
  },
})

function judgeEnd(name: string, end: Date, source: string, now: Date) {
  const day = lastDayBefore(end)
  if (now >= end) return fail(`${name} is out of support since ${day} (${source})`, FIX.upgrade, TRUST.contraindicated)
  return pass(`${name} is supported until ${day} (${source})`, TRUST.affirming, end)
}
