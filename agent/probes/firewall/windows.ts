import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host, RegistryValues } from '../../host/host.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { readWindowsServices } from '../windows-services.ts'
import { readNetsh } from './netsh.ts'
import { firewallOf, PROFILES, readNetFirewallProfiles, type Profile, type ProfileName } from './profiles.ts'
import { profileIn, STORES } from './registry.ts'

type Profiles = Fact<readonly Profile[]>

/** What can tell of the profiles, the best first. */
const SOURCES: readonly { source: string; read: (host: Host) => Promise<Profiles> }[] = [
  { source: 'Get-NetFirewallProfile', read: readActiveStore },
  { source: 'registry', read: readStores },
  { source: 'netsh', read: readNetshProfiles },
]

/** Reads the firewall of Windows: its service, and the settings in force of its profiles. Needs no rights. */
export async function readWindows(host: Host): Promise<Reading<SignalValue['firewall']>> {
  const services = await readWindowsServices(host)
  if (services.kind !== 'value') return { ...services, source: 'mpssvc' }
  const service = services.value.get('mpssvc')
  if (service?.running === undefined)
    return { ...unreadable('the service of the firewall is not told'), source: 'mpssvc' }
  // Without its service nothing is filtered, whatever is set.
  if (!service.running) return { ...value({ enabled: false }), source: 'mpssvc (stopped)' }

  const whys: string[] = []
  for (const { source, read } of SOURCES) {
    const profiles = await read(host)
    const fact = profiles.kind === 'value' ? firewallOf(profiles.value) : profiles
    if (fact.kind === 'value') return { ...fact, source: `mpssvc, ${source}` }
    whys.push(`${source}: ${fact.why}`)
  }
  return { ...unreadable(whys.join('; ')), source: SOURCES.map(({ source }) => source).join(', ') }
}

async function readActiveStore(host: Host): Promise<Profiles> {
  const ran = await host.run('powershell', ['Get-NetFirewallProfile'])
  if (!ran.ok) return unreadableBecause(ran)
  return ran.exitCode === 0 ? readNetFirewallProfiles(ran.stdout) : unreadable(ran.stderr)
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
    // A store that cannot be read may hold what overrides the others.
    if (!store.ok && store.reason !== 'missing') return unreadableBecause(store)
    if (store.ok) stores.push(store.values)
  }
  const profile = profileIn(name, stores)
  return profile ? value(profile) : unreadable(`the registry does not tell whether the profile ${name} is on`)
}

async function readNetshProfiles(host: Host): Promise<Profiles> {
  const ran = await host.run('netsh', ['advfirewall', 'show', 'allprofiles'])
  if (!ran.ok) return unreadableBecause(ran)
  return ran.exitCode === 0 ? readNetsh(ran.stdout) : unreadable(`netsh ended with ${ran.exitCode}`)
}
