import { isNote, withoutNotices } from './dnf-notes.ts'

/**
 * The packages (`name.architecture`) that `dnf check-update`, `dnf5 check-upgrade` or `yum check-update` has newer
 * versions of; null where a line is of another kind than they print. Which of them are security fixes is not told.
 */
export function readCheckUpdate(stdout: string): ReadonlySet<string> | null {
  const packages = new Set<string>()
  // yum breaks a row that is too wide for its columns: the name stands alone, the rest on the next line, indented.
  const text = withoutNotices(stdout)
    .replaceAll('\r', '')
    .replaceAll(/^(\S+\.\w+)\n[ \t]+(?=\S+[ \t]+\S+[ \t]*$)/gm, '$1 ')
  for (const line of text.split('\n')) {
    // What follows names packages that replace others, and counts none twice.
    if (/^Obsoleting [Pp]ackages/.test(line)) break
    if (isNote(line) || BESIDES.some((it) => it.test(line))) continue
    const [, name, version = ''] = /^(\S+\.\w+)\s+(\S+)\s+\S+\s*$/.exec(line) ?? []
    if (name === undefined || !/\d/.test(version)) return null
    packages.add(name)
  }
  return packages
}

/** Headings of the rows, remarks on kernels that are installed and do not run yet, and on what was left out. */
const BESIDES = [
  // Asked for security updates alone.
  /^(?:\d+ package\(s\) needed|No packages needed) for security(?:, out of \d+|; \d+ packages) available$/,
  /^No security updates needed(?:, but \d+ updates? available)?\.?$/,
  /^ --> \S+ from \S+ removed \(updateinfo\)$/,
  /^Security: \S+ is (?:an installed security update|the currently running version)$/,
  /^(?:Updated Packages|Available Upgrades|Available upgrades|Upgraded Packages|Upgrades)$/,
]
