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
import type { Fact } from '../../../shared/fact.ts'
import type { Capture } from '../capture.ts'
import type { Concluded } from '../conclusion.ts'
import {
  answered,
  concluded,
  mapped,
  onLinux,
  onMacos,
  onWindows,
  type CorpusReader,
  type NotStarted,
} from '../reader.ts'
import { registryIn } from '../registry.ts'
import { withNames } from '../shown-alone.ts'

const POWERSHELL = /^(?:powershell|pwsh|wmic?)$/

function isOn(fact: Fact<boolean>): Concluded {
  return concluded(fact, (enabled) => ({ firewall: { enabled } }))
}

function profiles(fact: Fact<readonly Profile[]>): Concluded {
  return concluded(fact, (list) => ({
    firewall: { enabled: isFiltering(list), profiles: list.map(({ name, enabled }) => ({ name, enabled })) },
  }))
}

const nft = (capture: Capture, read: (text: string) => Fact<Filtered>): Concluded =>
  isOn(mapped(answered(capture, read), ({ ipv4, ipv6 }) => ipv4 && ipv6))

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
    read: (capture) => nft(capture, readNftRuleset),
  },
  { of: onLinux(/^nft$/, /\blist ruleset$/), read: (capture) => nft(capture, readNftText) },
  {
    of: onLinux(
      /^ip6?tables(?:-nft|-legacy)?$/,
      /^(?:-t filter |--table filter )?(?:(?:-[vw]+|--wait) )*(?:-S|--list-rules)(?: -[vw]+)*$/,
    ),
    read: (capture) => isOn(answered(capture, readIptables)),
  },
  { of: onLinux(/^file$/, /\/ufw\.conf$/), read: ({ text }) => isOn(readUfw(text, null)) },
  { of: onLinux(/^ufw$/, /^status\b/), read: (capture) => isOn(answered(capture, readUfwStatus)) },
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
    read: (capture) => profiles(answered({ ...capture, text: withNames(capture) }, readNetFirewallProfiles)),
  },
  {
    of: onWindows(/^netsh$/, /^advfirewall\s+show\s+\w+profiles?\b/i),
    read: (capture) => profiles(answered(capture, (text) => readNetsh(text, asked(capture.args)))),
  },
  { of: onWindows(/^(?:registry|reg|powershell)$/, /FirewallPolicy|\\WindowsFirewall\b/i), read: registry },
]

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
