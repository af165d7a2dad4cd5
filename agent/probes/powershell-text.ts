import { unreadable, value, type Fact } from '../../shared/fact.ts'
import { readPowerShellJson } from './powershell.ts'

/** An object as PowerShell shows it, by the names of its properties. */
export type PowerShellRecord = Readonly<Record<string, unknown>>

/**
 * Reads what PowerShell printed: JSON, as the agent asks for it, or the list or table that people see and that stands in
 * a recording made by hand. In a list or table only the names of properties and enumerations are the same in every
 * language; dates and fractions are not, and stay text.
 */
export function readPowerShellRecords(text: string): Fact<readonly PowerShellRecord[]> {
  if (/^[^\S\r\n]*[[{]/m.test(text) && !/^\w+ +: /m.test(text)) return readPowerShellJson(text)
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => line.trimEnd())
  const records = fromTable(lines) ?? fromList(lines)
  return records.length > 0 ? value(records) : unreadable('PowerShell gave no answer that is known')
}

/** `Name : value`, or `Name=value` as wmic has it, an empty line between two objects, and further lines of a long value indented below it. */
function fromList(lines: readonly string[]): PowerShellRecord[] {
  const records: Record<string, unknown>[] = []
  let isNew = true
  for (const line of lines) {
    const [, name, text = ''] = /^([A-Za-z_]\w*)(?: +:(?: |$)|=)(.*)$/.exec(line) ?? []
    if (line.trim() === '') isNew = true
    if (name === undefined) continue
    if (isNew) records.push({})
    isNew = false
    const record = records.at(-1)
    // The same name twice means that two objects ran together.
    if (record) record[name] = name in record ? null : valueOf(text)
  }
  return records
}

/** A line of names, a line of dashes below them, and rows whose columns begin where the dashes do. */
function fromTable(lines: readonly string[]): PowerShellRecord[] | null {
  const at = lines.findIndex((line) => /^ *-{2,}(?: +-{2,})+ *$/.test(line))
  const dashes = lines[at]
  if (dashes === undefined || at === 0) return null
  // Names that are too long for their columns go on in the line below.
  const above = lines.slice(Math.max(at - 3, 0), at)
  const names = above.slice(above.findLastIndex((line) => line.trim() === '') + 1)
  const starts = [...dashes.matchAll(/-+/g)].map((match) => match.index)
  const cells = (line: string) => starts.map((start, column) => line.slice(start, starts[column + 1]).trim())
  const headings = starts.map((_, column) => names.map((line) => cells(line)[column]).join(''))
  const rows = lines.slice(at + 1).filter((line) => line.trim() !== '')
  return rows.map((row) =>
    Object.fromEntries(cells(row).map((cell, column) => [headings[column] ?? '', valueOf(cell)])),
  )
}

function valueOf(text: string): unknown {
  const trimmed = text.trim()
  if (trimmed === '') return null
  if (/^(?:True|False)$/.test(trimmed)) return trimmed === 'True'
  return /^-?\d{1,15}$/.test(trimmed) ? Number(trimmed) : trimmed
}
