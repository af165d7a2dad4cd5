import type { Element } from '@xmldom/xmldom'
import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import { elementsOf, parseXml } from '../xml.ts'
import type { Listing } from './answer.ts'

/** Both lists count: one that waits until the package manager itself is updated is as missing as the others. */
const LISTS = new Set(['update-list', 'blocked-update-list'])

/**
 * Reads `zypper --xmlout list-patches` and `list-updates`, whatever was printed around the XML. Patches have a
 * category, so security is told; packages have none. An error among its messages makes the answer unreadable.
 */
export function readZypperList(stdout: string): Fact<Listing> {
  const begin = stdout.search(/<\?xml|<stream/)
  const end = stdout.lastIndexOf('</stream>')
  const stream = begin < 0 || end < begin ? null : parseXml(stdout.slice(begin, end + '</stream>'.length))
  if (stream?.tagName !== 'stream') return unreadable('zypper did not print a whole answer')
  const parts = elementsOf(stream)
  const error = parts.find((it) => it.tagName === 'message' && it.getAttribute('type') === 'error')
  if (error) return unreadable(`zypper says: ${(error.textContent ?? '').trim().slice(0, 100)}`)
  const status = parts.filter((it) => it.tagName === 'update-status')
  const lists = status.flatMap((it) => elementsOf(it)).filter((it) => LISTS.has(it.tagName))
  if (lists.length === 0) return unreadable('zypper lists nothing')
  return listingOf(lists.flatMap((it) => elementsOf(it)).filter((it) => it.tagName === 'update'))
}

function listingOf(updates: readonly Element[]): Fact<Listing> {
  const pending = new Set<string>()
  const security = new Set<string>()
  let hasPackages = false
  for (const update of updates) {
    const name = update.getAttribute('name')
    const kind = update.getAttribute('kind')
    const category = update.getAttribute('category')
    if (!name || !kind || (kind === 'patch' && !category)) return unreadable('zypper lists an update without a name')
    // `list-patches --all` has those that are applied or not for this machine, too.
    if (!/^(?:needed|)$/.test(update.getAttribute('status') ?? '')) continue
    pending.add(name)
    hasPackages ||= kind !== 'patch'
    if (category === 'security') security.add(name)
  }
  return value({ pending, security: hasPackages ? null : security })
}
