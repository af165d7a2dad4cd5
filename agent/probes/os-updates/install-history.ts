import type { Fact } from '../../../shared/fact.ts'
import { value } from '../../../shared/fact.ts'
import { dateOf, readPlistItems } from '../plist.ts'

/** What was installed, and when. */
export type Installed = { name: string; version: string; at: string; isConfigData: boolean }

/** Reads `/Library/Receipts/InstallHistory.plist`; entries without a name or a time are passed over. */
export function readInstallHistory(text: string): Fact<readonly Installed[]> {
  const entries = readPlistItems(text)
  if (entries.kind !== 'value') return entries
  return value(
    entries.value.flatMap((entry) => {
      const { displayName: name, displayVersion: version, date, contentType } = entry
      const at = dateOf(date)
      if (typeof name !== 'string' || !at) return []
      const isConfigData = contentType === 'config-data'
      return [{ name, version: typeof version === 'string' ? version : '', at: at.toISOString(), isConfigData }]
    }),
  )
}

/**
 * When an update of macOS or of Safari was last installed. Data that comes silently is none, nor are tools for
 * developers, nor an upgrade that was only fetched (`Install macOS ...`).
 */
export function lastUpdateIn(history: readonly Installed[]): string | null {
  const updates = history.filter(({ name, isConfigData }) => !isConfigData && UPDATE.test(name))
  return (
    updates
      .map(({ at }) => at)
      .toSorted()
      .at(-1) ?? null
  )
}

const UPDATE =
  /^(?:(?:macOS|Mac OS X|OS X)(?! Server\b)\b.*\d|Security Update \d{4}-\d|(?:Rapid Security Response|Background Security Improvement)\b|Safari$)/
