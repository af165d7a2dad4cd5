import { unreadable, value } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { readOsRelease, type OsRelease } from '../os/os-release.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { isThere, type Answer, type OsUpdates } from './answer.ts'
import { apkReader } from './apk.ts'
import { aptReader } from './apt.ts'
import { dnfReader } from './dnf.ts'
import { updateFamily, type UpdateFamily } from './family.ts'
import { ostreeReader } from './ostree.ts'
import { pacmanReader } from './pacman.ts'
import { zypperReader } from './zypper.ts'

/** A reader of what Linux lacks. It remembers the last count, so keep it for as long as the agent runs. */
export function linuxUpdates(): (host: Host) => Promise<Reading<OsUpdates>> {
  const readers: Readonly<Record<UpdateFamily, (host: Host, release: OsRelease) => Promise<Answer>>> = {
    apt: aptReader(),
    dnf: dnfReader(),
    zypper: zypperReader(),
    pacman: pacmanReader(),
    apk: apkReader(),
    'rpm-ostree': ostreeReader(),
  }
  return async (host) => {
    const found = await readOsRelease(host)
    if (!found.ok) return { ...unreadableBecause(found), source: '/etc/os-release' }
    const isImage = await isThere(host, '/run/ostree-booted')
    const family = isImage === true ? { reads: 'rpm-ostree' as const } : updateFamily(found.release)
    if (!('reads' in family)) {
      return { ...unreadable(`this version of the agent does not read updates of ${family.other}`), source: found.path }
    }
    const answer = await readers[family.reads](host, found.release)
    const updates = updatesOf(answer)
    return { ...(isAnything(updates) ? value(updates) : unreadable(answer.count.why)), source: answer.source }
  }
}

function updatesOf({ count, lastInstalledAt, lastCheckedAt, automatic, rebootRequired }: Answer): OsUpdates {
  const { pendingSecurity, pending, why } = count
  return {
    pendingSecurity,
    pending,
    lastInstalledAt: lastInstalledAt?.toISOString() ?? null,
    lastCheckedAt: lastCheckedAt?.toISOString() ?? null,
    automatic,
    rebootRequired,
    // For the person who has to mend that nothing was counted.
    ...(pendingSecurity === null && why !== '' && { detail: why.slice(0, 200) }),
  }
}

/** Whether a count or a time is known: without either, there is nothing to judge and a reason says more. */
function isAnything({ pendingSecurity, pending, lastInstalledAt, lastCheckedAt }: OsUpdates): boolean {
  return [pendingSecurity, pending, lastInstalledAt, lastCheckedAt].some((known) => known !== null)
}
