import type { RegistryValues } from './host.ts'
import type { RecordingEntry } from './recorded.ts'
import { readRegQuery, saysMissing } from './windows/reg-query.ts'
import { valuesOf } from './windows/registry.ts'

type Told = RegistryValues | null | undefined

/** The values of a key in a recording; null where it says that the key does not exist, undefined where it says nothing. */
export function recordedKey(entries: readonly RecordingEntry[], key: string): Told {
  const name = plainKey(key)
  const entry = entries.findLast((it) => it.kind === 'registry' && plainKey(it.key) === name)
  const told = entry?.kind === 'registry' ? entry.values : entries.map((it) => toldByQuery(it, name)).find(isTold)
  return told && named(told, key)
}

const isTold = (it: Told): boolean => it !== undefined

/** What `reg.exe query`, which people ask where the agent asks PowerShell, told of a key. */
function toldByQuery(entry: RecordingEntry, name: string): Told {
  if (entry.kind !== 'command' || !/(?:^|\\)reg(?:\.exe)?$/i.test(entry.program)) return undefined
  const [verb = '', key = '', ...options] = entry.args
  if (verb.toLowerCase() !== 'query' || plainKey(key) !== name) return undefined
  const at = options.findIndex((it) => it.toLowerCase() === '/v')
  // One value tells nothing of others.
  const isAboutOne = at >= 0
  if (isAboutOne && valuesOf(name)?.join().toLowerCase() !== options[at + 1]?.toLowerCase()) return undefined
  if (entry.exitCode === 0) return readRegQuery(entry.stdout)?.values
  const isMissing = saysMissing(`${entry.stdout}\n${entry.stderr}`)
  return isMissing ? (isAboutOne ? {} : null) : undefined
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
