import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import { isJsonObject } from '../json.ts'
import { readPowerShellRecords, type PowerShellRecord } from '../powershell-text.ts'
import { flagOf, numberOf, textOf, timeOf } from '../powershell.ts'

/** An update that Windows Update knows of and that is not installed. */
export type MissingUpdate = {
  title: string
  /** Whether it mends what can be attacked; null where neither a category nor a severity is told. */
  isSecurity: boolean | null
}

/** Categories of Windows Update, the same in every language and on every server. */
const SECURITY = new Set(['0fa1201d-4330-4fa8-8ae9-b877473b6441', 'e6cf1350-c01b-414d-a61f-263d14d133b4'])
const DEFINITIONS_AND_DRIVERS = new Set([
  'e0789628-ce08-4437-be74-2495b842f43b',
  'ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0',
])

/** What Defender and the removal tool get all the time: their definitions, the platform, the tool itself. */
const NOT_OF_WINDOWS = new Set(['2267602', '4052623', '890830'])

/** `orcSucceeded`; 3 is with errors, which leaves the results incomplete. */
const SUCCEEDED = 2
const INSTALLATION = 1
/** WU_E_UH_POSTREBOOTSTILLPENDING, as a signed number: installed once the machine has started again. */
const WAITS_FOR_RESTART = -2_145_116_140

/** Reads the updates of a search, or the result that holds them; one that did not succeed tells nothing. */
export function readMissingUpdates(text: string): Fact<readonly MissingUpdate[]> {
  const records = readPowerShellRecords(text)
  if (records.kind !== 'value') return records
  const [first, second] = records.value
  const listed = first && !second && 'Updates' in first ? updatesIn(first) : value(records.value)
  if (listed.kind !== 'value') return listed
  if (!listed.value.every((it) => textOf(it['Title']) !== null && !('Operation' in it))) {
    return unreadable('Windows Update listed something else than updates')
  }
  const missing = listed.value.filter((it) => flagOf(it['IsInstalled']) !== true && flagOf(it['IsHidden']) !== true)
  return value(missing.map((it) => ({ title: textOf(it['Title']) ?? '', isSecurity: isSecurity(it) })))
}

/** How many are missing, and how many of these are security updates; null where that is not told of each. */
export function countMissing(missing: readonly MissingUpdate[]): { pending: number; pendingSecurity: number | null } {
  const isToldOfEach = missing.every((it) => it.isSecurity !== null)
  const security = missing.filter((it) => it.isSecurity === true).length
  return { pending: missing.length, pendingSecurity: isToldOfEach ? security : null }
}

/** What the history tells: when an update of Windows was last installed, and whether one waits for a restart. */
export type UpdateHistory = { lastInstalledAt: string | null; isRestartOwed: boolean }

/** Reads the history of Windows Update. What is in progress, failed or was aborted is not installed. */
export function readUpdateHistory(text: string): Fact<UpdateHistory> {
  const records = readPowerShellRecords(text)
  if (records.kind !== 'value') return records
  const entries = records.value
  if (!entries.every((it) => numberOf(it['ResultCode']) !== null && 'Title' in it)) {
    return unreadable('the history of Windows Update holds something else than updates')
  }
  const ofWindows = entries
    .filter((it) => numberOf(it['Operation']) === INSTALLATION && isOfWindows(it))
    .map((it) => ({ at: timeOf(it['Date']), result: numberOf(it['ResultCode']), error: numberOf(it['HResult']) }))
  const newest = ofWindows.toSorted((one, other) => (one.at ?? '').localeCompare(other.at ?? '')).at(-1)
  return value({
    lastInstalledAt: latest(ofWindows.flatMap(({ at, result }) => (result === SUCCEEDED ? (at ?? []) : []))),
    // An older one that never ended was replaced by what came after it.
    isRestartOwed: newest?.error === WAITS_FOR_RESTART && (newest.result === 1 || newest.result === SUCCEEDED),
  })
}

/** Reads `Get-HotFix`: how many it lists, which is never all of them, and when the last one came. */
export function readHotFixes(text: string): Fact<{ count: number; lastInstalledAt: string | null }> {
  const records = readPowerShellRecords(text)
  if (records.kind !== 'value') return records
  const fixes = records.value.map(
    (it) => new Map(Object.entries(it).map(([name, property]) => [name.toLowerCase(), property])),
  )
  if (!fixes.every((it) => textOf(it.get('hotfixid')) !== null)) return unreadable('Get-HotFix listed no updates')
  const times = fixes.flatMap((it) => dayOf(it.get('installedon')) ?? [])
  return value({ count: fixes.length, lastInstalledAt: latest(times) })
}

/** Reads when Windows Update last searched, and last installed anything at all, in `AutoUpdate.Results`. */
export function readUpdateResults(
  text: string,
): Fact<{ lastCheckedAt: string | null; lastInstalledAt: string | null }> {
  const records = readPowerShellRecords(text)
  if (records.kind !== 'value') return records
  const [results] = records.value
  if (!results || !('LastSearchSuccessDate' in results)) return unreadable('Windows Update told of no search')
  return value({
    lastCheckedAt: timeOf(results['LastSearchSuccessDate']),
    lastInstalledAt: timeOf(results['LastInstallationSuccessDate']),
  })
}

/** Reads whether Windows Update itself waits for a restart. */
export function readSystemInfo(text: string): Fact<boolean> {
  const records = readPowerShellRecords(text)
  if (records.kind !== 'value') return records
  const isRequired = flagOf(records.value[0]?.['RebootRequired'])
  return isRequired === null
    ? unreadable('Windows Update did not tell whether it waits for a restart')
    : value(isRequired)
}

function updatesIn(result: PowerShellRecord): Fact<readonly PowerShellRecord[]> {
  const { ResultCode: code, Updates: updates } = result
  if (code !== undefined && numberOf(code) !== SUCCEEDED) return unreadable('the search of Windows Update failed')
  return Array.isArray(updates) ? value(updates.filter(isJsonObject)) : unreadable('the search shows no updates')
}

function isSecurity(update: PowerShellRecord): boolean | null {
  if (!isOfWindows(update)) return false
  const categories = categoriesOf(update)
  if (textOf(update['MsrcSeverity']) !== null || categories?.some((it) => SECURITY.has(it))) return true
  return categories === null ? null : false
}

/** Whether it is neither a driver nor a definition nor the removal tool, by numbers alone: titles are localised. */
function isOfWindows(update: PowerShellRecord): boolean {
  if (numberOf(update['Type']) === 2) return false
  const categories = categoriesOf(update)
  if (categories?.some((it) => DEFINITIONS_AND_DRIVERS.has(it))) return false
  const articles = articlesOf(update)
  if (articles.some((it) => NOT_OF_WINDOWS.has(it))) return false
  // In a history without categories, drivers and apps of the store are those without an article.
  const isFeatureUpdate = /^Windows 1\d\b/.test(textOf(update['Title']) ?? '')
  return !('ResultCode' in update) || categories !== null || articles.length > 0 || isFeatureUpdate
}

/** The ids of its categories; null where none is told. */
function categoriesOf(update: PowerShellRecord): readonly string[] | null {
  const told = [update['CategoryIDs'], update['Categories']].flatMap((it): unknown[] => (Array.isArray(it) ? it : [it]))
  const ids = told.flatMap((it) => {
    const id = isJsonObject(it) ? it['CategoryID'] : it
    return typeof id === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? [id.toLowerCase()] : []
  })
  return ids.length > 0 ? ids : null
}

/** The numbers of its articles in the knowledge base, where they are listed or stand in its title. */
function articlesOf(update: PowerShellRecord): readonly string[] {
  const listed = [update['KBArticleIDs']].flat().filter((it) => typeof it === 'string' || typeof it === 'number')
  const inTitle = [...(textOf(update['Title']) ?? '').matchAll(/\bKB\s?(\d{6,8})\b/gi)].map(([, number = '']) => number)
  return [...listed.map((it) => String(it).replace(/^KB/i, '')), ...inTitle]
}

/** A moment, or a day without a time and a zone, which counts from its beginning. */
function dayOf(it: unknown): string | null {
  const day = typeof it === 'string' ? /^(\d{4}-\d\d-\d\d)(?:T00:00:00(?:\.0+)?)?$/.exec(it)?.[1] : undefined
  return day === undefined ? timeOf(it) : timeOf(`${day}T00:00:00Z`)
}

const latest = (times: readonly string[]): string | null => times.toSorted().at(-1) ?? null
