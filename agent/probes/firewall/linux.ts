import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { askProgram } from '../ask-program.ts'
import { askRunning, readServiceProcesses, readSlices } from '../services.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { hasIpv6, isUfwForIpv6, readUfw } from './configured.ts'
import { readFirewalldZones, readUfwStatus } from './front-ends.ts'
import { readIptables } from './iptables.ts'
import { hidesConditions, readNftRuleset, readNftText } from './nft.ts'

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
  const told = nft.kind === 'value' ? nft.value : null
  // Rules of the old kind stand beside those of nft, which does not list them.
  const [hasOld4, hasOld6] = await Promise.all(OLD_TABLES.map((path) => namesFilter(host, path)))
  const needsOld = told === null || (!told.ipv4 && hasOld4) || (!told.ipv6 && hasOld6)
  if (told && !needsOld) return { ...(await conclude(host, told)), source: 'nft' }

  const ipv4 = told && (told.ipv4 || !hasOld4) ? value(told.ipv4) : await readIptablesRules(host)
  if (ipv4.kind !== 'value') return { ...(nft.kind === 'value' ? ipv4 : nft), source: 'nft, iptables' }
  const ipv6 = told?.ipv6 ?? null
  // One family that is open is enough to know.
  const known = ipv6 === true || !ipv4.value ? ipv6 : await readOldIpv6(host, ipv6)
  return { ...(await conclude(host, { ipv4: ipv4.value, ipv6: known })), source: 'nft, iptables' }
}

const OLD_TABLES = ['/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'] as const

async function readNft(host: Host): Promise<Fact<Families>> {
  const ran = await host.run('nft', ['-j', 'list', 'ruleset'], { maxBytes: MOST_BYTES })
  if (!ran.ok) return unreadableBecause(ran)
  const isListed = ran.exitCode === 0
  if (isListed && !hidesConditions(ran.stdout)) return readNftRuleset(ran.stdout)
  if (!isListed && !/JSON support not compiled-in/.test(ran.stderr)) return unreadable(`nft ended with ${ran.exitCode}`)
  const text = await host.run('nft', ['list', 'ruleset'], { maxBytes: MOST_BYTES })
  if (!text.ok) return isListed && text.reason === 'not-recorded' ? readNftRuleset(ran.stdout) : unreadableBecause(text)
  return text.exitCode === 0 ? readNftText(text.stdout) : unreadable(`nft ended with ${text.exitCode}`)
}

/** That there are rules of the old kind, which it does not list, the new iptables says on stderr. */
async function readIptablesRules(host: Host, program: 'iptables' | 'ip6tables' = 'iptables'): Promise<Fact<boolean>> {
  const ran = await host.run(program, ['-S'], { maxBytes: MOST_BYTES })
  if (!ran.ok) return unreadableBecause(ran)
  if (ran.exitCode !== 0) return unreadable(`${program} ended with ${ran.exitCode}`)
  const [warning = ''] = /^# Warning: .*$/m.exec(ran.stderr) ?? []
  const rules = readIptables(`${warning}\n${ran.stdout}`)
  if (rules.kind === 'value' || readIptables(ran.stdout).kind !== 'value') return rules
  return askProgram(host, `${program}-legacy`, ['-S'], readIptables, { maxBytes: MOST_BYTES })
}

/** `iptables -S` is IPv4. ufw loads both families or none, so that the one tells of the other. */
async function readOldIpv6(host: Host, byNft: boolean | null): Promise<boolean | null> {
  if (byNft === false && !(await namesFilter(host, OLD_TABLES[1]))) return false
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
