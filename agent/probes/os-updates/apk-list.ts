import { unreadable, value, type Fact } from '../../../shared/fact.ts'

/** `busybox` of `busybox-1.36.1-r15`. */
const PACKAGE = /^(\S+)-\d[^\s-]*-r\d+$/

/** The heading, and with `-U` what apk says of the indexes that it fetched first. */
const AROUND =
  /^(?:Installed:\s+Available:\s*$|WARNING: |fetch |v?\d\S* \[https?:\/\/\S+\]$|OK: \d+ distinct packages available$)/

/**
 * The packages that Alpine has newer versions of: from `apk version -l '<'`, whose heading tells an answer without
 * updates from no answer, or from `apk list --upgradable`, which has none.
 */
export function readApkList(stdout: string): Fact<ReadonlySet<string>> {
  const names = new Set<string>()
  let hasHeading = false
  for (const line of stdout.split('\n')) {
    if (/^Installed:\s+Available:\s*$/.test(line)) hasHeading = true
    if (line.trim() === '' || AROUND.test(line)) continue
    const compared = /^(\S+)\s+([<=>?!])(?:\s+\S+(?: @\S+)?)?\s*$/.exec(line)
    const listed = /^(\S+) \S+ \{[^}]*\} \(.*\) \[([a-z]+)(?: from: \S+)?\]\s*$/.exec(line)
    const name = PACKAGE.exec(compared?.[1] ?? listed?.[1] ?? '')?.[1]
    if (name === undefined) return unreadable('apk prints something else than packages')
    if (compared?.[2] === '<' || listed?.[2] === 'upgradable') names.add(name)
  }
  return names.size > 0 || hasHeading ? value(names) : unreadable('apk lists no update')
}
