/** The packages that are on the disk, by name; with foreign architectures one name stands for several. */
export type Installed = ReadonlyMap<string, readonly { arch: string; version: string }[]>

/** The third word of `Status`: all but `not-installed` and `config-files` have files of that version on the disk. */
const ON_DISK = new Set([
  'installed',
  'unpacked',
  'half-configured',
  'half-installed',
  'triggers-awaited',
  'triggers-pending',
])

/** Reads dpkg's own record, `/var/lib/dpkg/status`; null where the text is no such record or is damaged. */
export function parseDpkgStatus(text: string): Installed | null {
  const installed = new Map<string, { arch: string; version: string }[]>()
  for (const stanza of stanzasOf(text)) {
    const name = fieldOf(stanza, 'Package')
    const state = fieldOf(stanza, 'Status')?.split(' ')[2]
    if (name === null || state === undefined) return null
    if (!ON_DISK.has(state)) continue
    const version = fieldOf(stanza, 'Version')
    const arch = fieldOf(stanza, 'Architecture')
    if (version === null || arch === null) return null
    const others = installed.get(name)
    if (others) others.push({ arch, version })
    else installed.set(name, [{ arch, version }])
  }
  return installed.size === 0 ? null : installed
}

/**
 * The paragraphs of a control file. They are slices of one text: V8 does not copy what it slices, and these files have
 * tens of megabytes.
 */
export function* stanzasOf(text: string): Generator<string> {
  let from = 0
  while (from < text.length) {
    const end = text.indexOf('\n\n', from)
    const to = end < 0 ? text.length : end
    if (to > from) yield text.slice(from, to)
    from = to + 2
  }
}

/** A field of one line. Names are written as here by dpkg and by every archive; a line that goes on starts with a blank. */
export function fieldOf(stanza: string, name: string): string | null {
  const label = `${name}: `
  const at = stanza.startsWith(label) ? 0 : stanza.indexOf(`\n${label}`) + 1
  if (at === 0 && !stanza.startsWith(label)) return null
  const end = stanza.indexOf('\n', at)
  return stanza.slice(at + label.length, end < 0 ? undefined : end).trim() || null
}
