import { isJsonObject, parseJson } from '../../json.ts'

/** A row as `lsblk` prints it: by the name of the column in small letters, what stands in the cell, nothing for none. */
export type LsblkRow = { cells: ReadonlyMap<string, readonly string[]>; depth: number }

/** More than any machine shows; a bound for what damaged text can cost. */
const MOST = { rows: 5000, width: 4000, depth: 64 } as const

/**
 * Takes what `lsblk` prints apart, in whatever form it was asked for: JSON (`-J`), pairs (`-P`), or a table with a tree
 * in its first column. Null where a line fits none of them, for that may have been the one that matters.
 */
export function readRows(text: string): LsblkRow[] | null {
  const start = text.indexOf('{')
  const rows =
    start >= 0
      ? fromJson(text.slice(start))
      : text.includes('="')
        ? fromPairs(text)
        : (fromRaw(text) ?? fromTable(text))
  // A row that stands two steps in, or half a step, has lost the one that it belongs to.
  const isWhole = rows?.every(({ depth }, at) => Number.isInteger(depth) && depth <= (rows[at - 1]?.depth ?? -1) + 1)
  return rows && rows.length > 0 && isWhole === true && rows.every(makesSense) ? rows : null
}

function makesSense({ cells }: LsblkRow): boolean {
  const [type] = cells.get('type') ?? ['disk']
  const mounts = [...(cells.get('mountpoint') ?? []), ...(cells.get('mountpoints') ?? [])]
  const isNamed = (cells.get('name') ?? cells.get('kname') ?? cells.get('path') ?? []).length === 1
  return isNamed && /^[a-z][a-z0-9_-]*$/.test(type ?? '') && mounts.every((it) => /^(\/|\[SWAP\]$)/.test(it))
}

function fromJson(text: string): LsblkRow[] | null {
  const parsed = parseJson(text.slice(0, text.lastIndexOf('}') + 1))
  const rows: LsblkRow[] = []
  const isRead = isJsonObject(parsed) && addDevices(parsed['blockdevices'], 0, rows)
  return isRead ? rows : null
}

function addDevices(devices: unknown, depth: number, rows: LsblkRow[]): boolean {
  if (!Array.isArray(devices) || depth > MOST.depth) return false
  return devices.every((device: unknown) => {
    if (!isJsonObject(device) || rows.length >= MOST.rows) return false
    const { children, ...columns } = device
    const cells = Object.entries(columns).map(([key, it]) => [key.toLowerCase(), cellOf(it)] as const)
    rows.push({ cells: new Map(cells), depth })
    return children === undefined || children === null || addDevices(children, depth + 1, rows)
  })
}

function cellOf(it: unknown): string[] {
  if (Array.isArray(it)) return it.flatMap((one: unknown) => cellOf(one))
  // Old versions write every value as a text.
  return typeof it === 'string' || typeof it === 'number' || typeof it === 'boolean' ? cell(String(it)) : []
}

function fromPairs(text: string): LsblkRow[] | null {
  const rows = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line): LsblkRow | null => {
      if (!/^(?:[A-Z][A-Z0-9:%_-]*="[^"]*" ?)+ *$/.test(line)) return null
      const pairs = [...line.matchAll(/([A-Z][A-Z0-9:%_-]*)="([^"]*)"/g)]
      const cells = pairs.map(([, key = '', it = '']) => [key.toLowerCase(), unescape(it).flatMap(cell)] as const)
      return { cells: new Map(cells), depth: 0 }
    })
  const whole = rows.filter((row) => row !== null)
  return whole.length === rows.length && rows.length <= MOST.rows ? whole : null
}

/** Several mount points of one device stand in one cell, with line feeds between them that are written as `\x0a`. */
function unescape(text: string): string[] {
  return text
    .replace(/\\x([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .split('\n')
}

/** Cells with one space between them, none left out, and no tree (`-r`): a blank in a cell is written as `\x20`. */
function fromRaw(text: string): LsblkRow[] | null {
  const [heading = '', ...rest] = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const names = heading.split(' ')
  if (names.length < 2 || !names.every((name) => /^[A-Z][A-Z0-9:%-]*$/.test(name)) || rest.length > MOST.rows)
    return null
  const rows = rest.map((line) => line.split(' '))
  if (!rows.every((row) => row.length === names.length && /^[\w!./:\\-]+$/.test(row[0] ?? ''))) return null
  return rows.map((row) => ({
    cells: new Map(names.map((name, at) => [name.toLowerCase(), unescape(row[at] ?? '').flatMap(cell)] as const)),
    depth: 0,
  }))
}

/** The tree, as drawn in Unicode or in ASCII. */
const BRANCHES = /^[ │├└─|`-]*/

function fromTable(text: string): LsblkRow[] | null {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const [heading = '', ...rest] = lines
  if (!/^ *(?:[A-Z][A-Z0-9:%-]* +)*NAME(?: +[A-Z][A-Z0-9:%-]*)* *$/.test(heading)) return null
  const columns = lines.length <= MOST.rows ? columnsOf(heading, lines) : null
  // A branch that goes on below the last line says that lines are missing.
  if (!columns || /^[ `-]*[│├|]/.test(lines.at(-1) ?? '')) return null
  const rows: LsblkRow[] = []
  for (const line of rest) {
    const cells = new Map(columns.map(({ name, from }, at) => [name, line.slice(from, columns[at + 1]?.from)] as const))
    const name = cells.get('name') ?? ''
    const depth = (BRANCHES.exec(name)?.[0].length ?? 0) / 2
    const read = new Map([...cells].map(([key, it]) => [key, cell(it.replace(key === 'name' ? BRANCHES : '', ''))]))
    const last = rows.at(-1)
    if (read.get('name')?.length === 1) rows.push({ cells: read, depth })
    // The second and further mount points of a device stand on lines of their own.
    else if (last) rows[rows.length - 1] = withMounts(last, read.get('mountpoints') ?? [])
  }
  return rows
}

function withMounts({ cells, depth }: LsblkRow, more: readonly string[]): LsblkRow {
  return { cells: new Map([...cells, ['mountpoints', [...(cells.get('mountpoints') ?? []), ...more]]]), depth }
}

type Column = { name: string; from: number }

/**
 * Cells may be empty and stand left or right, so that only what is blank in every line parts two columns. A part
 * without a heading belongs to the column before it, whose cells have spaces in them (the model of a disk).
 */
function columnsOf(heading: string, lines: readonly string[]): Column[] | null {
  const width = Math.max(...lines.map(({ length }) => length))
  if (width > MOST.width) return null
  const isBlank = (at: number) => lines.every((line) => (line[at] ?? ' ') === ' ')
  const words = [...heading.matchAll(/\S+/g)].map((it) => ({ name: it[0].toLowerCase(), at: it.index }))
  const columns: Column[] = []
  for (let from = 0; from < width; from++) {
    if (isBlank(from)) continue
    let to = from
    while (to < width && !isBlank(to)) to++
    const own = words.filter(({ name, at }) => at < to && at + name.length > from)
    if (own.length > 1) return null
    const [word] = own
    if (word) columns.push({ name: word.name, from })
    from = to
  }
  return columns.length === words.length ? columns : null
}

function cell(text: string): string[] {
  const trimmed = text.trim()
  return trimmed === '' ? [] : [trimmed]
}
