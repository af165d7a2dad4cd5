import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { readMacosVersion } from '../os/macos.ts'
import { readPlistFile, type Plist } from '../plist.ts'
import { runAsRecorded } from '../as-recorded.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { slowSource, type SlowSource } from '../slow-source.ts'
import { notAhead, type OsUpdates } from './answer.ts'
import { lastUpdateIn, readInstallHistory } from './install-history.ts'
import { countOffers, together, type CountedOffers, type Offer } from './macos-offers.ts'
import { updateSettingsOf } from './macos-settings.ts'
import { readSchedule, readSoftwareUpdateList } from './softwareupdate.ts'

const SETTINGS = '/Library/Preferences/com.apple.SoftwareUpdate.plist'
const MANAGED = '/Library/Managed Preferences/com.apple.SoftwareUpdate.plist'
const HISTORY = '/Library/Receipts/InstallHistory.plist'
const SOURCE = `${SETTINGS}, softwareupdate --list --no-scan`
const KEPT_MS = 4 * 3_600_000

/** What takes too long for a reading. */
type Listed = {
  offers: Fact<readonly Offer[]>
  /** When Software Update had looked, at the latest, for what it lists here. */
  checkedAt: string | null
  lastInstalledAt: string | null
  isScanned: boolean
}

/** A reader of what macOS lacks, by what Software Update found when it last looked; and where that is asked. Needs no root. */
export function macosUpdates(): { read: (host: Host) => Promise<Reading<OsUpdates>>; list: SlowSource<unknown> } {
  const list = slowSource(askSoftwareUpdate, KEPT_MS)
  return {
    list,
    async read(host) {
      const [local, managed, version] = await Promise.all([
        readSettings(host, SETTINGS),
        readSettings(host, MANAGED),
        readMacosVersion(host),
      ])
      const settings = updateSettingsOf(local ?? {})
      const checkedAt = settings.lastCheckedAt
      const installed = version.kind === 'value' ? version.value : null
      // Software Update has looked again, or an update was installed.
      const answered = await list.read(host, JSON.stringify([installed?.build, checkedAt]))
      const listed = answered?.answer
      // Where the list alone tells, what is known is as old as what it was made of.
      const lookedAt = settings.offers === null && listed ? listed.checkedAt : checkedAt
      const times = [lookedAt, listed?.isScanned ? (answered?.askedAt.toISOString() ?? null) : null]
      const lastCheckedAt = times.map((it) => notAhead(it, host.now())).find((it) => it !== null) ?? null
      const known = [settings.offers, listed?.offers.kind === 'value' ? listed.offers.value : null]
      const offers = known.filter((it) => it !== null)
      const counted = countOffers(together(offers), installed)
      const why = offers.length > 0 ? doubtOf(counted, lastCheckedAt) : reasonOf(listed)
      const updates: OsUpdates = {
        pendingSecurity: why === null ? counted.pendingSecurity : null,
        pending: why === null ? counted.pending.length : null,
        lastInstalledAt: notAhead(listed?.lastInstalledAt ?? null, host.now()),
        lastCheckedAt,
        automatic: await isAutomatic(host, local, managed),
        // Nothing that a program may read tells it.
        rebootRequired: null,
        ...(why !== null && { detail: why.slice(0, 200) }),
      }
      const { pending, lastInstalledAt, automatic } = updates
      const isAnything = [pending, lastInstalledAt, lastCheckedAt, automatic].some((it) => it !== null)
      return { ...(isAnything ? value(updates) : unreadable(why ?? 'nothing is told')), source: SOURCE }
    },
  }
}

/** Why nothing is known of what is on offer. */
function reasonOf(listed: Listed | undefined): string {
  if (!listed || listed.offers.kind === 'value') return 'Software Update has not answered yet'
  return listed.offers.why
}

/** Why a count is not believed; null where it is. */
function doubtOf({ pendingSecurity }: CountedOffers, lastCheckedAt: string | null): string | null {
  if (pendingSecurity === null) return 'which macOS is installed is not known'
  if (pendingSecurity > 0 || lastCheckedAt !== null) return null
  return 'Software Update does not tell when it last looked for updates'
}

/** What is managed counts, then what is set by hand; where nothing is, macOS looks for updates. */
async function isAutomatic(host: Host, local: Plist | null, managed: Plist | null): Promise<boolean | null> {
  if (managed !== null) {
    const stated = updateSettingsOf(managed).automatic ?? (local && updateSettingsOf(local).automatic)
    if (stated !== null || local !== null) return stated ?? true
  }
  // It looks at both.
  const ran = await host.run('softwareupdate', ['--schedule'])
  const schedule = ran.ok ? readSchedule(ran.stdout) : null
  return schedule?.kind === 'value' ? schedule.value : null
}

/** The settings in a file, none where there is no such file; null where they cannot be read. */
async function readSettings(host: Host, path: string): Promise<Plist | null> {
  const file = await host.stat(path)
  if (!file.ok && file.reason === 'missing') return {}
  const plist = await readPlistFile(host, path)
  return plist.kind === 'value' ? plist.value : null
}

async function askSoftwareUpdate(host: Host): Promise<Listed> {
  const { lastCheckedAt: checkedAt } = updateSettingsOf((await readSettings(host, SETTINGS)) ?? {})
  const cached = await host.run('softwareupdate', ['--list', '--no-scan'], { timeoutMs: 60_000 })
  // People ask Apple; the agent does not.
  const isScanned = !cached.ok && cached.reason === 'not-recorded'
  const ran = isScanned ? await runAsRecorded(host, 'softwareupdate', [['--list'], ['-l']]) : cached
  const offers = !ran.ok
    ? unreadableBecause(cached.ok ? ran : cached)
    : ran.exitCode === 0
      ? readSoftwareUpdateList(ran.stdout, ran.stderr)
      : unreadable(`softwareupdate ended with ${ran.exitCode}`)
  const file = await host.readFile(HISTORY, { maxBytes: 8 * 1024 * 1024 })
  const history = file.ok ? readInstallHistory(file.text) : null
  const lastInstalledAt = history?.kind === 'value' ? lastUpdateIn(history.value) : null
  return { offers, checkedAt, lastInstalledAt, isScanned: isScanned && ran.ok }
}
