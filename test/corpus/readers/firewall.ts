import { readUfw } from '../../../agent/probes/firewall/configured.ts'
import { readFirewalldZones, readUfwStatus } from '../../../agent/probes/firewall/front-ends.ts'
import { readIptables } from '../../../agent/probes/firewall/iptables.ts'
import { readNetsh } from '../../../agent/probes/firewall/netsh.ts'
import { readNftRuleset, readNftText, type Filtered } from '../../../agent/probes/firewall/nft.ts'
import {
  isFiltering,
  PROFILES,
  readNetFirewallProfiles,
  type Profile,
  type ProfileName,
} from '../../../agent/probes/firewall/profiles.ts'
import { profileIn, STORES } from '../../../agent/probes/firewall/registry.ts'
import { readSocketfilterfw, settingsOf } from '../../../agent/probes/firewall/socketfilterfw.ts'
import { readDefaultsNumber } from '../../../agent/probes/macos-defaults.ts'
import { readPlist, type Plist } from '../../../agent/probes/plist.ts'
import { unreadable, type Fact } from '../../../shared/fact.ts'
import type { Capture } from '../capture.ts'
import type { Concluded } from '../conclusion.ts'
import { concluded, type CorpusReader, type NotStarted, type Of } from '../reader.ts'
import { registryIn } from '../registry.ts'
import { withNames } from '../shown-alone.ts'

const POWERSHELL = /^(?:powershell|pwsh|wmic?)$/

const onLinux = (program: RegExp, args?: RegExp): Of => ({ os: 'linux', program, ...(args && { args }) })
const onMacos = (program: RegExp, args?: RegExp): Of => ({ os: 'macos', program, ...(args && { args }) })
const onWindows = (program: RegExp, args?: RegExp): Of => ({ os: 'windows', program, ...(args && { args }) })

/** As the agent asks: of a program that ended with an error nothing is taken. */
function answered<T>({ exitCode }: Capture, fact: Fact<T>): Fact<T> {
  return (exitCode ?? 0) === 0 ? fact : unreadable(`it ended with ${exitCode}`)
}

function isOn(fact: Fact<boolean>): Concluded {
  return concluded(fact, (enabled) => ({ firewall: { enabled } }))
}

function profiles(fact: Fact<readonly Profile[]>): Concluded {
  return concluded(fact, (list) => ({
    firewall: { enabled: isFiltering(list), profiles: list.map(({ name, enabled }) => ({ name, enabled })) },
  }))
}

const nft = (capture: Capture, fact: Fact<Filtered>): Concluded =>
  isOn(mapped(answered(capture, fact), ({ ipv4, ipv6 }) => ipv4 && ipv6))

/** The profiles that were asked for; which one is in use only its heading tells. */
function asked(args: string): readonly ProfileName[] {
  if (/\bcurrentprofile\b/i.test(args)) return []
  const one = PROFILES.find((name) => new RegExp(`\\b${name}profile\\b`, 'i').test(args))
  return one ? [one] : PROFILES
}

function registry(capture: Capture): Concluded {
  const shown = registryIn(capture)
  const list = PROFILES.flatMap((name) => {
    const stores = STORES[name].map((key) => shown.get(key.toLowerCase()) ?? {})
    return profileIn(name, stores) ?? []
  })
  return list.length > 0 ? profiles({ kind: 'value', value: list }) : { unreadable: 'no profile is shown' }
}

/** The settings of macOS as a whole, or one of them, asked for by its name. */
function settings({ text, args }: Capture): Concluded {
  const [, name] = /com\.apple\.alf(?:\.plist)?["']?\s+(globalstate|stealthenabled)$/.exec(args) ?? []
  const plist: Fact<Plist> =
    name === undefined ? readPlist(text) : mapped(readDefaultsNumber(text), (number) => ({ [name]: number }))
  return concluded(plist, (it) => ({ firewall: settingsOf(it) }))
}

export const readers: readonly CorpusReader[] = [
  {
    of: onLinux(/^nft$/, /(?:^|\s)(?:-\w*j\w*|--json)\b.*\blist ruleset\b/),
    read: (capture) => nft(capture, readNftRuleset(capture.text)),
  },
  { of: onLinux(/^nft$/, /\blist ruleset$/), read: (capture) => nft(capture, readNftText(capture.text)) },
  {
    of: onLinux(
      /^ip6?tables(?:-nft|-legacy)?$/,
      /^(?:-t filter |--table filter )?(?:(?:-[vw]+|--wait) )*(?:-S|--list-rules)(?: -[vw]+)*$/,
    ),
    read: (capture) => isOn(answered(capture, readIptables(capture.text))),
  },
  { of: onLinux(/^file$/, /\/ufw\.conf$/), read: ({ text }) => isOn(readUfw(text, null)) },
  { of: onLinux(/^ufw$/, /^status\b/), read: (capture) => isOn(answered(capture, readUfwStatus(capture.text))) },
  {
    of: onLinux(/^firewall-cmd$/, /--list-all(?:-zones)?\b|^--state$/),
    read: ({ text }) => isOn(readFirewalldZones(text)),
  },
  {
    of: onMacos(/^socketfilterfw$/, /--get\w+/),
    read: ({ text }) => concluded(readSocketfilterfw(text), (firewall) => ({ firewall })),
  },
  {
    of: onMacos(/^defaults$/, /com\.apple\.alf(?:\.plist)?["']?(?:\s+(?:globalstate|stealthenabled))?$/),
    read: settings,
  },
  { of: onMacos(/^(?:file|plutil)$/, /com\.apple\.alf\.plist/), read: settings },
  {
    of: onWindows(POWERSHELL, /NetFirewallProfile/i),
    read: (capture) => profiles(answered(capture, readNetFirewallProfiles(withNames(capture)))),
  },
  {
    of: onWindows(/^netsh$/, /^advfirewall\s+show\s+\w+profiles?\b/i),
    read: (capture) => profiles(answered(capture, readNetsh(capture.text, asked(capture.args)))),
  },
  { of: onWindows(/^(?:registry|reg|powershell)$/, /FirewallPolicy|\\WindowsFirewall\b/i), read: registry },
]

function mapped<T, U>(fact: Fact<T>, change: (it: T) => U): Fact<U> {
  return fact.kind === 'value' ? { kind: 'value', value: change(fact.value) } : fact
}

const RULES = 'nft -j list ruleset, and iptables -S where old rules stand beside'

export const notStarted: readonly NotStarted[] = [
  { of: onLinux(/^nft$/), instead: 'nft -j list ruleset, which has all of them' },
  { of: onLinux(/^(?:ip6?tables(?:-\w+)?|iptables-save)$/), instead: RULES },
  {
    of: onLinux(/^systemctl$/, /firewalld|ufw/),
    instead: 'the control group of firewalld.service, and the loaded rules',
  },
  {
    of: onMacos(/^(?:launchctl|pfctl)$/),
    instead: 'socketfilterfw tells whether the firewall is on; that its job runs does not',
  },
  { of: onMacos(/^mdmclient$/), instead: 'each signal has a source that needs no root' },
  {
    of: onWindows(/^(?:powershell|wmi)$/, /WscGetSecurityProviderHealth|FirewallProduct/i),
    instead: 'the profiles of the firewall: this needs a compiled program, and names no product',
  },
]
