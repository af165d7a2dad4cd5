import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import { readPlist, type Plist } from '../../plist.ts'
import type { CatalogueProduct } from '../catalogue.ts'
import { labelledLines } from '../labelled-lines.ts'
import type { Told } from '../told.ts'
import { momentOf, versionOf } from '../versions-and-times.ts'

const STATUS: ReadonlyMap<string, Told> = new Map([
  ['protected', { running: true, protecting: true }],
  ['connected', { running: true, connected: true }],
  ['disconnected', { connected: false }],
  ['not connected', { connected: false }],
  ['unprotected', { protecting: false, healthy: false }],
  ['not protected', { protecting: false, healthy: false }],
  ['not enrolled', { onboarded: false, healthy: false }],
])

/** Reads `protectctl info` of Jamf Protect: lines `Name: text`, or a property list or JSON of the same. */
export function readProtectctl(stdout: string): Fact<Told> {
  const plist = readPlist(stdout)
  const items = plist.kind === 'value' ? plistItems(plist.value) : textItems(stdout)
  // `protectctl version` prints it alone.
  const version = versionOf(items.get('version') ?? stdout.trim())
  const lastContactAt = momentOf(items.get('lastcheckin'))
  const told: Told = {
    ...STATUS.get(items.get('status')?.toLowerCase() ?? ''),
    ...(version !== undefined && { version }),
    ...(lastContactAt !== undefined && { lastContactAt }),
  }
  if (Object.keys(told).length === 0) return unreadable('Jamf Protect gave no answer that is known')
  // Whatever else it says: without a tenant it belongs to nobody.
  if (/^[\w.-]+$/.test(items.get('tenant') ?? '')) told.onboarded ??= true
  return value({ installed: true, ...told })
}

/** What stands deeper, as its monitors do with `-v`, has labels of its own. */
function textItems(stdout: string): ReadonlyMap<string, string> {
  const top = stdout.replaceAll(/^[ \t].*$/gm, '')
  return new Map(
    [...labelledLines(/^\S/m.test(stdout) ? top : stdout)].map(([name, it]) => [name.replaceAll(/[ -]/g, ''), it]),
  )
}

function plistItems(plist: Plist): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(plist).flatMap(([name, it]) => {
      const text = it instanceof Date ? it.toISOString() : typeof it === 'string' ? it : undefined
      return text === undefined ? [] : [[name.toLowerCase(), text] as const]
    }),
  )
}

export const jamfProtect: CatalogueProduct = {
  id: 'jamf-protect',
  macos: {
    paths: ['/Applications/JamfProtect.app'],
    extension: { bundleId: 'com.jamf.protect.security-extension', teamId: '483DWKW443' },
    asks: [{ program: 'protectctl', args: ['info'], read: readProtectctl, needsRoot: true }],
    healthyWhen: { protecting: true, onboarded: true },
    limits: ['it does not show whether it is connected'],
  },
}
