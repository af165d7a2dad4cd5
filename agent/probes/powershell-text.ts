import { unreadable, value, type Fact } from '../../shared/fact.ts'
import { readPowerShellJson } from './powershell.ts'

/** An object as PowerShell shows it, by the names of its properties. */
export type PowerShellRecord = Readonly<Record<string, unknown>>

/**
 * Reads what PowerShell printed: JSON, as the agent asks for it, or the list, table or CSV that people see and that stands
 * in a recording made by hand; and what wmic printed of the same classes. In these only the names of properties and
 * enumerations are the same in every language; dates and fractions are not, and stay text.
 */
export function readPowerShellRecords(text: string): Fact<readonly PowerShellRecord[]> {
  if (/^[^\S\r\n]*[[{]/m.test(text) && !/^\w+ +: /m.test(text)) return readPowerShellJson(text)
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => line.trimEnd())
  const records = fromTable(lines) ?? fromCsv(lines) ?? fromPlainTable(lines) ?? fromList(lines)
  return records.length > 0 ? value(records) : unreadable('PowerShell gave no answer that is known')
}

/**
 * `Name : value`, an empty line between two objects, and further lines of a long value indented below it; or `Name=value`
 * of wmic, whose line ends stand as empty lines in some recordings: there the first name that comes again begins an object.
 */
function fromList(lines: readonly string[]): PowerShellRecord[] {
  const records: Record<string, unknown>[] = []
  let isNew = true
  for (const line of lines) {
    const [, name, sign, text = ''] = /^([A-Za-z_]\w*|SCRNSAVE\.EXE)( +:(?= |$)|=)(.*)$/.exec(line) ?? []
    if (line.trim() === '') isNew = true
    if (name === undefined) continue
    const last = records.at(-1)
    if (!last || (sign === '=' ? name in last : isNew)) records.push({})
    isNew = false
    const record = records.at(-1)
    // The same name twice means that two objects ran together.
    if (record) record[name] = name in record ? null : valueOf(text)
  }
  return records
}

/**
 * A line of names, a line of dashes below them, and rows up to an empty line. A column begins where its dashes do; what
 * stands to the right in its column, as numbers and enumerations do, may begin further left.
 */
function fromTable(lines: readonly string[]): PowerShellRecord[] | null {
  const records: PowerShellRecord[] = []
  let table: Table | null = null
  let isFound = false
  let hasRows = false
  for (const [at, line] of lines.entries()) {
    if (line.trim() === '') {
      // Behind its rows a table is over. Another command may print its own; what else stands there is no row.
      if (hasRows) table = null
    } else if (table) {
      records.push(recordOf(table.headings, cellsOf(line, startsIn(line, table.starts))))
      hasRows = true
    } else if (isUnderline(line, lines[at - 1] ?? '')) {
      table = tableAt(lines, at)
      isFound = true
      hasRows = false
    }
  }
  return isFound ? records : null
}

type Table = { headings: readonly string[]; starts: readonly number[] }

/** The names above a line of dashes: those that are too long for their columns go on in the line below. */
function tableAt(lines: readonly string[], at: number): Table {
  const starts = [...(lines[at] ?? '').matchAll(/-+/g)].map((match) => match.index).slice(0, MOST_COLUMNS)
  let first = at
  while (first > 0 && lines[first - 1]?.trim() !== '') first--
  const names = lines.slice(first, at).map((line) => cellsOf(line, starts))
  return { headings: starts.map((_, column) => names.map((cells) => cells[column]).join('')), starts }
}

const MOST_COLUMNS = 100

function cellsOf(line: string, starts: readonly number[]): string[] {
  return starts.map((start, column) => line.slice(start, starts[column + 1]).trim())
}

/** Dashes below two names and more, or below one name and as long as it. */
function isUnderline(line: string, above: string): boolean {
  if (above.trim() === '' || !/^ *-{2}[ -]*$/.test(line)) return false
  if (/- +-/.test(line)) return true
  return /^[A-Za-z_]\w*$/.test(above.trim()) && above.trim().length === line.trim().length
}

/** Where the columns of one row begin: a value that goes across the beginning of its column is one word of it. */
function startsIn(row: string, starts: readonly number[]): number[] {
  return starts.map((start, column) => {
    const least = column === 0 ? 0 : (starts[column - 1] ?? 0) + 1
    if (row.length <= start || row[start] === ' ') return start
    let at = start
    while (at > least && row[at - 1] !== ' ') at--
    return row[at - 1] === ' ' || at === 0 ? at : start
  })
}

/** `ConvertTo-Csv`, where all is quoted, or wmic, where nothing is and the name of the machine comes first. */
function fromCsv(lines: readonly string[]): PowerShellRecord[] | null {
  const told = lines.filter((line) => line.trim() !== '' && !line.startsWith('#TYPE '))
  const [first = '', ...rows] = told
  if (!/^(?:"\w+"(?:,"\w+")*|Node(?:,\w+)+)\s*$/.test(first)) return null
  const headings = csvCells(first)
  const records = rows.map((row) => {
    const cells = csvCells(row)
    if (cells.length < headings.length) return null
    // Of wmic only the last value, a date, may hold commas.
    const last = cells.slice(headings.length - 1).join(',')
    return recordOf(headings, [...cells.slice(0, headings.length - 1), last])
  })
  return records.every((it) => it !== null) ? records : null
}

function csvCells(line: string): string[] {
  return [...line.trimEnd().matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain,
  )
}

/** wmic: a line of names with two blanks or more between them, and rows whose columns begin where the names do. */
function fromPlainTable(lines: readonly string[]): PowerShellRecord[] | null {
  const [first = '', ...rows] = lines.filter((line) => line.trim() !== '')
  if (rows.length === 0 || !/^[A-Za-z_]\w*(?: {2,}[A-Za-z_]\w*)+ *$/.test(first)) return null
  const names = [...first.matchAll(/\w+/g)]
  const starts = names.map((match) => match.index)
  const isTable = rows.every((row) => starts.every((start) => start === 0 || (row[start - 1] ?? ' ') === ' '))
  if (!isTable || starts.length > MOST_COLUMNS) return null
  const headings = names.map(([name]) => name)
  return rows.map((row) => recordOf(headings, cellsOf(row, starts)))
}

function recordOf(headings: readonly string[], cells: readonly string[]): PowerShellRecord {
  return Object.fromEntries(headings.map((name, column) => [name, valueOf(cells[column] ?? '')]))
}

function valueOf(text: string): unknown {
  const trimmed = text.trim()
  if (trimmed === '') return null
  if (/^(?:True|False)$/.test(trimmed)) return trimmed === 'True'
  return /^-?\d{1,15}$/.test(trimmed) ? Number(trimmed) : trimmed
}
