import { Type } from 'typebox'
import { parserOf } from '../../../shared/schema.ts'
import { dayOf } from '../catalogue-age.ts'
import { dayIn } from './day.ts'
import { invalidFeed, type Found, type FoundRelease } from './feed.ts'
import { macosVersionOf } from './macos-version.ts'
import { maybe, shapeOf } from './shape.ts'

/**
 * Apple's own list of what it offers (https://gdmf.apple.com/v2/pmv). Only the public set counts: the other is what an
 * MDM may still install. It says neither what a release fixes nor when support ends, so each one counts as a release that
 * has to be installed.
 */
const parseList = parserOf(Type.Object({ PublicAssetSets: Type.Object({ macOS: maybe(Type.Array(Type.Unknown())) }) }))

const isAsset = shapeOf(
  Type.Object({ ProductVersion: Type.String(), PostingDate: Type.String(), ExpirationDate: maybe(Type.String()) }),
)

export function readGdmf(json: unknown, now: Date): Found {
  const list = parseList(json)
  if (!list.ok) throw invalidFeed(`Apple's list: ${list.problem}`)
  const releases: FoundRelease[] = []
  let skipped = 0
  for (const it of list.value.PublicAssetSets.macOS ?? []) {
    const asset = isAsset(it) ? it : null
    const version = asset && macosVersionOf(asset.ProductVersion)
    const releasedOn = asset && dayIn(asset.PostingDate)
    if (!asset || !version || releasedOn === null) {
      skipped++
      continue
    }
    // What has expired is not signed any more, and nobody can install it.
    const expires = dayIn(asset.ExpirationDate)
    if (expires !== null && expires < dayOf(now)) continue
    releases.push({ id: 'macos', version: version.line, release: { version: version.version, releasedOn } })
  }
  const knownDays = releases.map(({ release }) => release.releasedOn)
  return { format: 'gdmf', statedOn: null, knownDays, lines: [], releases, skipped }
}
