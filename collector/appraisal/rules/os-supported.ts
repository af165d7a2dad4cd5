import { endOfSupport, lineOf } from '../catalogue.ts'
import { defineRule, fail, pass, unknown } from '../rule.ts'
import { TRUST } from '../trust-vector.ts'

const FIX = 'Upgrade to a release that still gets security updates.'

export const osSupported = defineRule({
  signal: 'os',
  claim: 'configuration',
  parameters: {},
  fixUnread: 'See why the agent cannot read the version of the operating system.',
  ask: () => 'The operating system still gets security updates from its maker.',

  judge(os, _parameters, { now, catalogue }) {
    const line = os.platform === 'linux' ? lineOf(catalogue, os.id ?? firstWord(os.name), os.version) : undefined
    const name = line?.name ?? `${os.name} ${os.version}`.trim()
    const today = `catalogue of ${catalogue.date}`

    if (line && line.supportedUntil === null) return pass(`${name} is a rolling release (${today})`)
    // What the vendor wrote into the system itself serves where the catalogue does not know the line.
    const end = line?.supportedUntil ? endOfSupport(line.supportedUntil) : os.supportEnd && new Date(os.supportEnd)
    const source = line ? today : 'as the system itself says'
    if (!end)
      return unknown(`${name} is not in the release catalogue (${today})`, 'Ask your admin to update the catalogue.')

    const day = new Date(end.getTime() - 1).toISOString().slice(0, 10)
    if (now >= end) return fail(`${name} is out of support since ${day} (${source})`, FIX, TRUST.contraindicated)
    return pass(`${name} is supported until ${day} (${source})`, TRUST.affirming, end)
  },
})

/** `Debian GNU/Linux` is `debian`: for what reports no ID of os-release. */
function firstWord(name: string): string {
  return name.replace(/\W.*$/s, '').toLowerCase()
}
