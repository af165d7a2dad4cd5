import type { RegistryValues } from './host.ts'
import type { RecordingEntry } from './recorded.ts'
import { readRegQuery, saysMissing } from './windows/reg-query.ts'
import { valuesOf } from './windows/registry.ts'

/** The values of a key in a recording, null where the recording says that it does not exist; undefined where it says nothing. */
export function recordedKey(entries: readonly RecordingEntry[], key: string): RegistryValues | null | undefined {
  const name = plainKey(key)
  const isKey = (entry: RecordingEntry) => entry.kind === 'registry' && plainKey(entry.key) === name
  const entry = entries.findLast(isKey)
  if (entry?.kind === 'registry') return entry.values && named(entry.values, key)
  const listed = valuesOf(key) ?? []
  for (const command of entries) {
    if (command.kind !== 'command' || !/(?:^|\\)reg(?:\.exe)?$/i.test(command.program)) continue
    const [verb = '', asked = '', ...options] = command.args
    if (verb.toLowerCase() !== 'query' || plainKey(asked) !== name) continue
    // One value alone does not tell that the others are not set.
    const isAboutOne = options.some((it) => it.toLowerCase() === '/v')
    if (isAboutOne && listed.length !== 1) continue
    if (command.exitCode !== 0 && saysMissing(`${command.stdout}\n${command.stderr}`)) return isAboutOne ? {} : null
    const shown = command.exitCode === 0 ? readRegQuery(command.stdout) : null
    if (shown) return named(shown.values, key)
  }
  return undefined
}

/** Neither of keys nor of values does Windows mind the letters. */
function named(values: RegistryValues, key: string): RegistryValues {
  const listed = valuesOf(key) ?? []
  return Object.fromEntries(
    Object.entries(values).map(([name, it]) => [
      listed.find((one) => one.toLowerCase() === name.toLowerCase()) ?? name,
      it,
    ]),
  )
}

function plainKey(key: string): string {
  const root = key.split('\\', 1)[0] ?? ''
  return `${ROOTS.get(root.toUpperCase()) ?? root}${key.slice(root.length)}`.toLowerCase()
}

const ROOTS: ReadonlyMap<string, string> = new Map([
  ['HKEY_LOCAL_MACHINE', 'HKLM'],
  ['HKEY_CURRENT_USER', 'HKCU'],
])
