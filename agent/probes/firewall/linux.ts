import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { askProgram } from '../ask-program.ts'
import { askRunning, readServiceProcesses, readSlices } from '../services.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { hasIpv6, isUfwForIpv6, readUfw } from './configured.ts'
import { readFirewalldZones, readUfwStatus } from './front-ends.ts'
import { readIptables } from './iptables.ts'
import { readNftRuleset, readNftText } from './nft.ts'

type Firewall = SignalValue['firewall']

/** Rule sets with thousands of blocked addresses exist. */
const MOST_BYTES = 8 * 1024 * 1024

const UFW = { conf: '/etc/ufw/ufw.conf', defaults: '/etc/default/ufw' } as const

/** Reads whether what comes in is filtered: by the loaded rules, and where those are closed to us by what is set up. */
export async function readLinux(host: Host): Promise<Reading<Firewall>> {
  const loaded: Reading<Firewall> =
    host.privileged === false
      ? { ...unreadable('the loaded rules can be read by root only'), source: 'none' }
      : await readLoaded(host)
  if (loaded.kind === 'value') return loaded
  const slices = await readSlices(host)
  if (slices.kind === 'value') {
    return (await readFirewalld(host, await hasProcess(host, slices.value))) ?? (await readUfwSetting(host)) ?? loaded
  }
  const told = await readUfwSetting(host)
  return told ?? (await readFirewalld(host, await askRunning(host, [FIREWALLD], slices))) ?? loaded
}

/** IPv6 is null where its rules are out of reach. */
type Families = { ipv4: boolean; ipv6: boolean | null }

async function readLoaded(host: Host): Promise<Reading<Firewall>> {
  const nft = await readNft(host)
  if (nft.kind === 'value' && nft.value.ipv4 && nft.value.ipv6)
    return { ...(await conclude(host, nft.value)), source: 'nft' }

  // Rules of the old kind stand beside those of nft, which does not list them.
  const hasOldRules = nft.kind !== 'value' || (await namesFilter(host, '/proc/net/ip_tables_names'))
  if (!hasOldRules && nft.kind === 'value') return { ...(await conclude(host, nft.value)), source: 'nft' }
  const ipv4 = await readIptablesRules(host)
  if (ipv4.kind !== 'value') return { ...(nft.kind === 'value' ? ipv4 : nft), source: 'nft, iptables' }
  const told: Families = nft.kind === 'value' ? nft.value : { ipv4: false, ipv6: null }
  const isFiltered = told.ipv4 || ipv4.value
  // One family that is open is enough to know.
  const ipv6 = told.ipv6 === true || !isFiltered ? told.ipv6 : await readOldIpv6(host, told.ipv6)
  return { ...(await conclude(host, { ipv4: isFiltered, ipv6 })), source: 'nft, iptables' }
}

async function readNft(host: Host): Promise<Fact<Families>> {
  const ran = await host.run('nft', ['-j', 'list', 'ruleset'], { maxBytes: MOST_BYTES })
  if (!ran.ok) return unreadableBecause(ran)
  if (ran.exitCode === 0) return readNftRuleset(ran.stdout)
  if (!/JSON support not compiled-in/.test(ran.stderr)) return unreadable(`nft ended with ${ran.exitCode}`)
  return askProgram(host, 'nft', ['list', 'ruleset'], readNftText, { maxBytes: MOST_BYTES })
}

function readIptablesRules(host: Host, program: 'iptables' | 'ip6tables' = 'iptables'): Promise<Fact<boolean>> {
  return askProgram(host, program, ['-S'], readWithWarning, { maxBytes: MOST_BYTES })
}

/** That there are rules of the old kind, the new iptables says on stderr. */
function readWithWarning(stdout: string, stderr: string): Fact<boolean> {
  const [warning = ''] = /^# Warning: .*$/m.exec(stderr) ?? []
  return readIptables(`${warning}\n${stdout}`)
}

/** `iptables -S` is IPv4. ufw loads both families or none, so that the one tells of the other. */
async function readOldIpv6(host: Host, byNft: boolean | null): Promise<boolean | null> {
  if (byNft === false && !(await namesFilter(host, '/proc/net/ip6_tables_names'))) return false
  const [conf, defaults] = await Promise.all([host.readFile(UFW.conf), host.readFile(UFW.defaults)])
  const ufw = conf.ok && defaults.ok ? readUfw(conf.text, defaults.text) : null
  if (ufw?.kind === 'value' && ufw.value && defaults.ok && isUfwForIpv6(defaults.text)) return true
  const rules = await readIptablesRules(host, 'ip6tables')
  return rules.kind === 'value' ? rules.value : null
}

async function namesFilter(host: Host, path: string): Promise<boolean> {
  const file = await host.readFile(path)
  return file.ok && file.text.split('\n').includes('filter')
}

async function conclude(host: Host, { ipv4, ipv6 }: Families): Promise<Fact<Firewall>> {
  if (!ipv4) return value({ enabled: false, profiles: { ipv4, ...(ipv6 !== null && { ipv6 }) } })
  const addresses = await host.readFile('/proc/net/if_inet6')
  // A kernel without IPv6 has no such file. Where it cannot be read, IPv6 counts.
  const usesIpv6 = addresses.ok ? hasIpv6(addresses.text) : addresses.reason !== 'missing'
  if (!usesIpv6) return value({ enabled: true, profiles: { ipv4 } })
  if (ipv6 === null) return unreadable('IPv4 is filtered; the rules for IPv6 could not be read')
  return value({ enabled: ipv6, profiles: { ipv4, ipv6 } })
}

const FIREWALLD = 'firewalld.service'

async function hasProcess(host: Host, slices: readonly string[]): Promise<Fact<boolean>> {
  const processes = await readServiceProcesses(host, slices, FIREWALLD, ['firewalld'])
  return processes.kind === 'value' ? value(processes.value.length > 0) : processes
}

/** firewalld loads its rules when it starts and removes them when it ends. Its zone `trusted` lets everything in. */
async function readFirewalld(host: Host, isRunning: Fact<boolean>): Promise<Reading<Firewall> | null> {
  if (isRunning.kind !== 'value' || !isRunning.value) return null
  const refuses = await askProgram(host, 'firewall-cmd', ['--list-all-zones'], readFirewalldZones)
  if (refuses.kind === 'value') {
    return refuses.value ? { ...value({ enabled: true }), source: 'firewall-cmd (the rules not seen)' } : null
  }
  const conf = await host.readFile('/etc/firewalld/firewalld.conf')
  if (conf.ok && /^\s*DefaultZone\s*=\s*trusted\s*$/m.test(conf.text)) return null
  return { ...value({ enabled: true }), source: 'firewalld.service (running; its rules not seen)' }
}

async function readUfwSetting(host: Host): Promise<Reading<Firewall> | null> {
  const status = host.privileged === false ? null : await askProgram(host, 'ufw', ['status', 'verbose'], readUfwStatus)
  if (status?.kind === 'value') {
    return status.value ? { ...value({ enabled: true }), source: 'ufw (the rules not seen)' } : null
  }
  const [conf, defaults] = await Promise.all([host.readFile(UFW.conf), host.readFile(UFW.defaults)])
  if (!conf.ok) return null
  const isOn = readUfw(conf.text, defaults.ok ? defaults.text : null)
  // Switched off, it may still be that other rules are loaded.
  if (isOn.kind !== 'value' || !isOn.value) return null
  return { ...value({ enabled: true }), source: `${UFW.conf} (as set up; the rules not seen)` }
}
