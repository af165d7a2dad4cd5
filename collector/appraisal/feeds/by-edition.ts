import { WINDOWS_EDITIONS, type SupportLine, type WindowsEdition } from '../catalogue.ts'

/** One end of support: of a line, and on Windows of one edition of it. */
export type SupportEntry = { edition: WindowsEdition | null; line: Omit<SupportLine, 'editions'> }

/** Takes a line apart into what it says of each edition; a line of Windows that names none speaks of all. */
export function entriesOf({ editions, ...line }: SupportLine): SupportEntry[] {
  if (line.id !== 'windows') return [{ edition: null, line }]
  return (editions ?? WINDOWS_EDITIONS).map((edition) => ({ edition, line }))
}

/** By this name a later word on the same thing is known. */
export function nameOfEntry({ edition, line }: SupportEntry): string {
  return JSON.stringify([line.id, line.version, edition])
}

/** Puts entries together again: those that say the same become one line. */
export function linesOf(entries: Iterable<SupportEntry>): SupportLine[] {
  const lines = new Map<string, { line: SupportEntry['line']; editions: WindowsEdition[] }>()
  for (const { edition, line } of entries) {
    const said = JSON.stringify(line)
    const known = lines.get(said) ?? { line, editions: [] }
    if (edition !== null) known.editions.push(edition)
    lines.set(said, known)
  }
  return [...lines.values()].map(({ line, editions }) => {
    const isForAll = editions.length === 0 || editions.length === WINDOWS_EDITIONS.length
    return isForAll ? line : { ...line, editions }
  })
}
