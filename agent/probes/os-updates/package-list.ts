import { compareDebianVersions } from './debian-version.ts'
import { fieldOf, stanzasOf, type Installed } from './dpkg-status.ts'

/**
 * The installed packages (`name:architecture`) that a package list has a newer version of; null where the text is no
 * package list or breaks off. Whatever else an archive offers, and whether the package is on hold, is not asked: as
 * long as a security archive has a newer version than is installed, a fix is missing.
 */
export function newerIn(list: string, installed: Installed): Set<string> | null {
  const newer = new Set<string>()
  let packages = 0
  for (const stanza of stanzasOf(list)) {
    const name = fieldOf(stanza, 'Package')
    if (name === null) return null
    packages++
    const present = installed.get(name)
    if (!present) continue
    const version = fieldOf(stanza, 'Version')
    const arch = fieldOf(stanza, 'Architecture')
    if (version === null || arch === null) return null
    for (const one of present) {
      if (replaces(arch, one.arch) && compareDebianVersions(version, one.version) > 0) newer.add(`${name}:${one.arch}`)
    }
  }
  return packages === 0 ? null : newer
}

/** apt treats `all` as the machine's own architecture: a package may move to it and back. */
function replaces(offered: string, installed: string): boolean {
  return offered === installed || offered === 'all' || installed === 'all'
}
