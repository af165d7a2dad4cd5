import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { askPowerShell } from '../ask-program.ts'
import type { Reading } from '../probe.ts'
import { slowSource, type SlowSource } from '../slow-source.ts'
import { anyOf, notAhead, type OsUpdates } from './answer.ts'
import {
  countMissing,
  readHotFixes,
  readMissingUpdates,
  readSystemInfo,
  readUpdateHistory,
  readUpdateResults,
  type MissingUpdate,
} from './windows-search.ts'
import { isRestartOwedByWindows, isWindowsAutomatic } from './windows-policy.ts'

const VERSION = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'
const SOURCE = 'Windows Update, registry'
const KEPT_MS = 4 * 3_600_000

/** What takes too long for a reading. */
type Searched = {
  missing: Fact<readonly MissingUpdate[]>
  /** When Windows Update had looked, at the latest, for what it calls missing here. */
  checkedAt: string | null
  lastInstalledAt: string | null
  isRestartOwed: boolean
}

/** A reader of what Windows lacks, by the last search of Windows Update; and where it searches. Needs no rights. */
export function windowsUpdates(): { read: (host: Host) => Promise<Reading<OsUpdates>>; search: SlowSource<unknown> } {
  const search = slowSource(askWindowsUpdate, KEPT_MS)
  return {
    search,
    async read(host) {
      const [results, isOwed, automatic, version] = await Promise.all([
        askResults(host),
        isRestartOwed(host),
        isWindowsAutomatic(host),
        host.readRegistry(VERSION),
      ])
      // Another revision or a restart that is owed tells that updates were installed since, another time that it looked.
      const revision = version.ok ? [version.values['CurrentBuild'], version.values['UBR']] : version.reason
      const searched = (await search.read(host, JSON.stringify([revision, isOwed, results.lastCheckedAt])))?.answer
      // Until it is known what a newer search found, what is known is as old as the search before.
      const lastCheckedAt = notAhead(searched ? searched.checkedAt : results.lastCheckedAt, host.now())
      const updates: OsUpdates = {
        ...countOf(searched?.missing, lastCheckedAt),
        // Windows Update counts definitions too, so what it says of itself comes last.
        lastInstalledAt: notAhead(searched?.lastInstalledAt ?? results.lastInstalledAt, host.now()),
        lastCheckedAt,
        automatic,
        rebootRequired: searched?.isRestartOwed ? true : isOwed,
      }
      const { detail, ...facts } = updates
      const isAnything = Object.values(facts).some((it) => it !== null)
      return { ...(isAnything ? value(updates) : unreadable(detail ?? 'nothing is told')), source: SOURCE }
    },
  }
}

type Counted = Pick<OsUpdates, 'pending' | 'pendingSecurity' | 'detail'>

const nothing = (why: string): Counted => ({ pending: null, pendingSecurity: null, detail: why.slice(0, 200) })

/** "None" is believed only where it is known when Windows Update has looked. */
function countOf(missing: Fact<readonly MissingUpdate[]> | undefined, lastCheckedAt: string | null): Counted {
  if (!missing) return nothing('Windows Update has not answered yet')
  if (missing.kind !== 'value') return nothing(missing.why)
  const counted = countMissing(missing.value)
  if (counted.pendingSecurity === 0 && lastCheckedAt === null) {
    return nothing('Windows Update does not tell when it last looked for updates')
  }
  const detail = 'Windows Update does not tell which updates are security updates'
  return counted.pendingSecurity === null ? { ...counted, detail } : counted
}

const UNTOLD = { lastCheckedAt: null, lastInstalledAt: null }

async function askResults(host: Host) {
  const results = await askPowerShell(host, 'Microsoft.Update.AutoUpdate', readUpdateResults)
  return results.kind === 'value' ? results.value : UNTOLD
}

async function askWindowsUpdate(host: Host): Promise<Searched> {
  const { lastCheckedAt: checkedAt } = await askResults(host)
  const missing = await askPowerShell(host, 'Microsoft.Update.Session', readMissingUpdates)
  const history = await askPowerShell(host, 'QueryHistory', readUpdateHistory)
  const { lastInstalledAt = null, isRestartOwed: isOwed = false } = history.kind === 'value' ? history.value : {}
  if (lastInstalledAt !== null) return { missing, checkedAt, lastInstalledAt, isRestartOwed: isOwed }
  // An upgrade to another release of Windows empties the history.
  const fixes = await askPowerShell(host, 'Get-HotFix', readHotFixes)
  return {
    missing,
    checkedAt,
    lastInstalledAt: fixes.kind === 'value' ? fixes.value.lastInstalledAt : null,
    isRestartOwed: isOwed,
  }
}

async function isRestartOwed(host: Host): Promise<boolean | null> {
  const [byKeys, bySystem] = await Promise.all([
    isRestartOwedByWindows(host),
    askPowerShell(host, 'Microsoft.Update.SystemInfo', readSystemInfo),
  ])
  // That Windows Update waits for nothing says nothing of what else installs, and that it cannot be asked nothing at all.
  return bySystem.kind === 'value' ? anyOf([byKeys, bySystem.value]) : byKeys
}
