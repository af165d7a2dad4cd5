import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { Volume } from '../../../../shared/signals.ts'
import { readingsOf } from '../../../host/code-pages.ts'
import { NOTHING_TOLD, type BitLocker, type Conversion } from './bitlocker.ts'
import {
  autoUnlockIn,
  conversionIn,
  isLockedIn,
  isNone,
  protectionIn,
  protectorIn,
  roleIn,
} from './manage-bde-words.ts'

/**
 * Reads `manage-bde -status`, which speaks the language of Windows in the code page of the console. Its layout is the
 * same in all: for each volume a line with the letter and the label in square brackets, one with its kind, and then
 * size, version, conversion, per cent, method, protection, lock, identification, automatic unlocking (of data volumes)
 * and protectors. That a volume is plain can be told from the layout alone; for the rest the words have to be known.
 */
export function readManageBde(stdout: string): Fact<readonly BitLocker[]> {
  const [first, ...others] = readingsOf(stdout).map(volumesIn)
  if (!first || first.length === 0) return unreadable('manage-bde shows no volume')
  const clearest = others.find((it) => it.length === first.length && unknowns(it) < unknowns(first))
  return value(unknowns(first) > 0 && clearest ? clearest : first)
}

function unknowns(volumes: readonly BitLocker[]): number {
  return volumes.flatMap((it) => [it.role, it.conversion, it.protection, it.isLocked]).filter((it) => it === null)
    .length
}

type Entry = { value: string; below: string[] }
type Block = { mount: string | null; kind: string; entries: Entry[] }

function volumesIn(text: string): BitLocker[] {
  return blocksOf(text).flatMap(({ mount, kind, entries }) =>
    mount === null || entries.length === 0 ? [] : [volumeOf(mount, kind, entries)],
  )
}

/** `Volume C: [label]` or `Volume C:\folder\ [label]`, in quotation marks in some languages. */
const HEADING = /^[^\s[\]].*?\b([A-Z]):(\\[^[\]:]*\\)?["'”»“]?[^[\]:\\]*\[.*\]$/i
/** A volume that is mounted nowhere. */
const NAMELESS = /^[^\s[\]].*\\["'”»“]?\s*\[.*\]$/
/** A label and a colon, in French with a space of some kind before it; paths have no space behind the colon. */
const ENTRY = /^(\s*)\S.*?[:：](?:\s+(.*))?$/

/** No line of it comes near this, and the patterns above are slow on those that do. */
const LONGEST = 400

function blocksOf(text: string): Block[] {
  const blocks: Block[] = []
  let block: Block | null = null
  let indent = 0
  let isBehindGap = false
  for (const line of text.split('\n').map((it) => it.trimEnd())) {
    if (line.length > LONGEST) continue
    const [heading, letter = '', folder = ''] = HEADING.exec(line) ?? []
    if (heading !== undefined || NAMELESS.test(line)) {
      block = { mount: letter === '' ? null : `${letter.toUpperCase()}:${folder}`, kind: '', entries: [] }
      blocks.push(block)
      continue
    }
    // Behind an empty line goes on only what is set in; a recording may have one between any two.
    if (isBehindGap && block && block.entries.length > 0 && (indent === 0 || !/^\s/.test(line))) block = null
    isBehindGap = line.trim() === ''
    if (isBehindGap || !block) continue
    const [, space = '', said = ''] = ENTRY.exec(line) ?? []
    const last = block.entries.at(-1)
    const isEntry = ENTRY.test(line) && (!last || space.length <= indent)
    if (isEntry) {
      indent = last ? Math.max(indent, space.length) : space.length
      block.entries.push({ value: said.trim(), below: [] })
    } else if (last) last.below.push(line.trim())
    else block.kind = /^\s*\[(.+)\]$/.exec(line)?.[1]?.trim() ?? block.kind
  }
  return blocks
}

function volumeOf(mount: string, kind: string, entries: readonly Entry[]): BitLocker {
  const percentAt = entries.findIndex((it) => it.value.includes('%'))
  const before = entries.slice(0, Math.max(percentAt, 0))
  const after = entries.slice(percentAt + 1)
  const percent = percentIn(entries[percentAt]?.value ?? '')
  // Where the answer is an excerpt the method may lack.
  const protectionEntry = after.slice(0, percentAt < 0 ? undefined : 2).find((it) => protectionIn(it.value) !== null)
  const lockEntry = after.slice(1, 4).find((it) => isLockedIn(it.value) !== null)
  const method = after[0]?.value ?? ''
  const suspendedFor =
    after
      .slice(0, 2)
      .map(restartsIn)
      .find((it) => it !== null) ?? null
  const role = roleIn(kind)
  const protectors = protectorsIn(after, role)
  const autoUnlock = role === 'system' ? null : after.slice(3, 6).map((it) => autoUnlockIn(it.value))
  const cipher = /\bAES\b/.test(method)
    ? 'software'
    : /\d(?:\.\d+){4,}/.test(method)
      ? 'drive'
      : isNone(method)
        ? 'none'
        : null
  const words = protectionEntry?.value ?? ''
  const told = protectionIn(words)
  // What stands in brackets behind it may take back that it is on.
  const protectionSaid = told === 'on' && /[(（]/.test(words) ? null : told
  // Without a protector nothing is protected, whatever the words are for that.
  const isBare = protectors?.length === 0 && percent === 100 && protectionSaid !== 'on'
  const protection = isBare || suspendedFor !== null ? 'off' : protectionSaid
  const conversionEntries = percentAt < 0 ? entries : before.slice(-1)
  const said = conversionEntries.map((it) => conversionIn(it.value)).find((it) => it !== null) ?? null
  const isPlain = percent === 0 && before.some((it) => isNone(it.value) || isWord(it.value)) && !hasVersion(before)
  return {
    ...NOTHING_TOLD,
    mount,
    role,
    conversion: conversionOf({
      said,
      percent,
      isPlain,
      isWhole: cipher !== null && cipher !== 'none' && (protection === 'on' || isBare),
    }),
    protection,
    isLocked: isLockedIn(lockEntry?.value ?? ''),
    percent,
    cipher,
    protectors,
    suspendedFor,
    autoUnlock: autoUnlock?.find((it) => it !== null) ?? null,
  }
}

type Converted = { said: Conversion | null; percent: number | null; isPlain: boolean; isWhole: boolean }

/** What the words say, unless the numbers contradict them; what the numbers say, where the words are not known. */
function conversionOf({ said, percent, isPlain, isWhole }: Converted): Conversion | null {
  if (said === 'decrypted') return percent === 0 || percent === null ? said : null
  if (said === 'encrypted') return percent === 100 || percent === null ? said : null
  if (said !== null) return said
  if (isPlain) return 'decrypted'
  return percent === 100 && isWhole ? 'encrypted' : null
}

/** The version of BitLocker on the volume is a number; one that is plain has none. */
function hasVersion(before: readonly Entry[]): boolean {
  return before.some((it) => /^\d+\.\d+$/.test(it.value))
}

function isWord(text: string): boolean {
  return text !== '' && !/\d/.test(text)
}

/** `0,0 %`, `34.5%`, `%100,0`. */
function percentIn(text: string): number | null {
  const [, number] = /^%?\s*(\d{1,3}(?:[.,]\d+)?)\s*%?$/.exec(text) ?? []
  const percent = Number(number?.replace(',', '.') ?? NaN)
  return percent >= 0 && percent <= 100 ? percent : null
}

/** `Protection Off (1 reboots left)`. */
function restartsIn({ value: text }: Entry): number | null {
  const [, count] = /[(（]\D*(\d{1,3})\D*/.exec(text) ?? []
  return count === undefined || /\bAES\b/.test(text) ? null : Number(count)
}

/**
 * The last entry, if it stands where the protectors do: one below the other, or a word that there are none. In a data
 * volume another entry stands between, whose words could be taken for that in a language that is not known.
 */
function protectorsIn(after: readonly Entry[], role: Volume['role'] | null): BitLocker['protectors'] {
  const last = after.at(-1)
  if (!last || after.length < 2) return null
  if (last.below.length > 0 && last.value === '') return last.below.map(protectorIn)
  if (last.value === '' || last.below.length > 0) return null
  const isNoneSaid = isNone(last.value) && after.length > (role === 'data' ? 5 : 4)
  return isNoneSaid || (role === 'system' && after.length > 4) ? [] : null
}
