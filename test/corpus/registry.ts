import type { RegistryValues } from '../../agent/host/host.ts'
import { readRegQuery } from '../../agent/host/windows/reg-query.ts'
import { valuesOf } from '../../agent/host/windows/registry.ts'
import { readPowerShellRecords } from '../../agent/probes/powershell-text.ts'
import type { Capture } from './capture.ts'
import { withNames } from './shown-alone.ts'

/** The registry as a capture shows it: keys in small letters, with the values that the agent would take from them. */
export type Shown = ReadonlyMap<string, RegistryValues>

/** Reads `reg query` (of one key, or with `/s`), a `.reg` export, or `Get-ItemProperty`, which names no key in its answer. */
export function registryIn({ program, text, args }: Capture): Shown {
  if (/^Windows Registry Editor Version|^REGEDIT4/.test(text)) return exported(text)
  const queried = text.split(/^(?=HKEY_|HKLM\\|HKCU\\|HKU\\)/m).flatMap((part) => {
    const found = readRegQuery(part)
    return found ? [[part.split(/\r?\n/)[0] ?? '', found.values] as const] : []
  })
  if (queried.length > 0 || program === 'reg') return shown(queried)
  const [, key] = /(?:Registry::)?(HK\w+:?\\[^'"|]*?)['"\s]*(?:-\w|[|)]|$|(?<=['"]\s*)\w+$)/i.exec(args) ?? []
  const records = readPowerShellRecords(withNames({ args, text }))
  if (key === undefined || records.kind !== 'value') return new Map()
  return shown(records.value.map((record) => [key.replace(':', ''), plainValues(record)]))
}

function exported(text: string): Shown {
  const parts = text.replaceAll(/\\\r?\n\s*/g, '').split(/^\[/m)
  return shown(
    parts.slice(1).map((part) => {
      const values = [...part.matchAll(/^"([^"]+)"=(?:dword:([0-9a-f]{8})|hex:([0-9a-f,]*)|"(.*)")\s*$/gim)].map(
        ([, name = '', number, bytes, words = '']) =>
          [name, number === undefined ? (bytes?.replaceAll(',', '') ?? words) : Number(`0x${number}`)] as const,
      )
      return [part.slice(0, part.indexOf(']')), Object.fromEntries(values)]
    }),
  )
}

function plainValues(record: Readonly<Record<string, unknown>>): RegistryValues {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, it]) =>
      typeof it === 'string' || typeof it === 'number' ? [[name, it] as const] : [],
    ),
  )
}

const ROOTS: readonly [RegExp, string][] = [
  [/^HKEY_LOCAL_MACHINE/i, 'HKLM'],
  [/^HKEY_CURRENT_USER/i, 'HKCU'],
  // What is in use, by its number.
  [/(?<=^HKLM\\SYSTEM\\)ControlSet00\d(?=\\)/i, 'CurrentControlSet'],
  [/^(?:HKEY_USERS|HKU)\\S-1-[\d-]+/i, 'HKCU'],
]

function shown(keys: readonly (readonly [key: string, values: RegistryValues])[]): Shown {
  return new Map(
    keys.map(([heading, values]) => {
      const key = ROOTS.reduce((name, [root, short]) => name.replace(root, short), heading.trim())
      const listed = valuesOf(key) ?? Object.keys(values)
      // Windows does not mind the letters of names.
      const nameOf = (name: string) => listed.find((it) => it.toLowerCase() === name.toLowerCase())
      const known = Object.entries(values).flatMap(([name, it]) => [[nameOf(name), it] as const])
      return [key.toLowerCase(), Object.fromEntries(known.filter(([name]) => name !== undefined))]
    }),
  )
}

/** PowerShell says that a key is not there; of its errors this part is the same in every language. */
export function isPathMissing({ program, text }: Capture): boolean {
  return (
    program !== 'reg' && /FullyQualifiedErrorId\s*: PathNotFound,Microsoft\.PowerShell\.Commands\.GetItem/.test(text)
  )
}
