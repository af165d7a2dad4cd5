import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host, RegistryValues } from '../../host/host.ts'
import { askPowerShell } from '../ask-program.ts'
import { runAsRecorded } from '../as-recorded.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { readSc, readWindowsServices } from '../windows-services.ts'
import { readNetsh } from './netsh.ts'
import { firewallOf, PROFILES, readNetFirewallProfiles, type Profile, type ProfileName } from './profiles.ts'
import { isRare, profileIn, STORES } from './registry.ts'

type Profiles = Fact<readonly Profile[]>

/** What can tell of the profiles, the best first. */
const SOURCES: readonly { source: string; read: (host: Host) => Promise<Profiles> }[] = [
  {
    source: 'Get-NetFirewallProfile',
    read: (host) => askPowerShell(host, 'Get-NetFirewallProfile', readNetFirewallProfiles),
  },
  { source: 'registry', read: readStores },
  { source: 'netsh', read: readNetshProfiles },
]

/** Reads the firewall of Windows: its service, and the settings in force of its profiles. Needs no rights. */
export async function readWindows(host: Host): Promise<Reading<SignalValue['firewall']>> {
  const service = await readService(host)
  // Without its service nothing is filtered, whatever is set.
  if (service.kind === 'value' && !service.value) return { ...value({ enabled: false }), source: 'mpssvc (stopped)' }
  const { source, ...firewall } = await readProfiles(host)
  // What is switched off filters nothing, with its service or without.
  if (service.kind !== 'value' && (firewall.kind !== 'value' || firewall.value.enabled)) {
    return { ...service, source: 'mpssvc' }
  }
  return { ...firewall, source: firewall.kind === 'value' ? `mpssvc, ${source}` : source }
}

/** Whether the service runs, by the list of all, or asked for alone. */
async function readService(host: Host): Promise<Fact<boolean>> {
  const services = await readWindowsServices(host)
  const listed = services.kind === 'value' ? services.value.get('mpssvc') : undefined
  if (listed?.running !== undefined) return value(listed.running)
  const ran = await host.run('sc', ['query', 'mpssvc'])
  const asked = ran.ok && ran.exitCode === 0 ? readSc(ran.stdout) : null
  const alone = asked?.kind === 'value' ? asked.value.find(({ name }) => name.toLowerCase() === 'mpssvc') : undefined
  if (alone?.running !== undefined) return value(alone.running)
  return services.kind === 'value' ? unreadable('the service of the firewall is not told') : services
}

async function readProfiles(host: Host): Promise<Reading<SignalValue['firewall']>> {
  const whys: string[] = []
  for (const { source, read } of SOURCES) {
    const profiles = await read(host)
    const fact = profiles.kind === 'value' ? firewallOf(profiles.value) : profiles
    if (fact.kind === 'value') return { ...fact, source }
    whys.push(`${source}: ${fact.why}`)
  }
  return { ...unreadable(whys.join('; ')), source: SOURCES.map(({ source }) => source).join(', ') }
}

async function readStores(host: Host): Promise<Profiles> {
  const profiles: Profile[] = []
  for (const name of PROFILES) {
    const profile = await readProfile(host, name)
    if (profile.kind !== 'value') return profile
    profiles.push(profile.value)
  }
  return value(profiles)
}

async function readProfile(host: Host, name: ProfileName): Promise<Fact<Profile>> {
  const stores: RegistryValues[] = []
  for (const key of STORES[name]) {
    const store = await host.readRegistry(key)
    const isUnknown = !store.ok && store.reason === 'not-recorded' && isRare(key)
    // A store that cannot be read may hold what overrides the others.
    if (!store.ok && store.reason !== 'missing' && !isUnknown) return unreadableBecause(store)
    if (store.ok) stores.push(store.values)
  }
  const profile = profileIn(name, stores)
  return profile ? value(profile) : unreadable(`the registry does not tell whether the profile ${name} is on`)
}

async function readNetshProfiles(host: Host): Promise<Profiles> {
  const ran = await runAsRecorded(host, 'netsh', [
    ['advfirewall', 'show', 'allprofiles'],
    ['advfirewall', 'show', 'allprofiles', 'state'],
  ])
  if (!ran.ok) return unreadableBecause(ran)
  return ran.exitCode === 0 ? readNetsh(ran.stdout) : unreadable(`netsh ended with ${ran.exitCode}`)
}
