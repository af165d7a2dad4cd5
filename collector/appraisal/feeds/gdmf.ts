import { Type, type Static } from 'typebox'
import { parserOf } from '../../../shared/schema.ts'
import { dayIn, dayOf } from '../day.ts'
import { invalidFeed, type Found, type FoundRelease } from './feed.ts'
import { macosVersionOf } from './macos-version.ts'
import { maybe, shapeOf } from './shape.ts'

/**
 * Apple's own list of what it offers (https://gdmf.apple.com/v2/pmv). Only the public sets count: the other is what an
 * MDM may still install. It says neither what a release fixes nor when support ends, so each one counts as a release that
 * has to be installed. What came out long ago may be posted anew, so that its day may be later than its first.
 */
const Assets = Type.Object({ macOS: maybe(Type.Array(Type.Unknown())) })
const parseList = parserOf(
  Type.Object({
    PublicAssetSets: Assets,
    PublicBackgroundSecurityImprovements: maybe(Assets),
    /** What these were called before 2026. */
    PublicRapidSecurityResponses: maybe(Assets),
  }),
)

const Asset = Type.Object({
  ProductVersion: Type.String(),
  ProductVersionExtra: maybe(Type.String()),
  PostingDate: Type.String(),
  ExpirationDate: maybe(Type.String()),
  SupportedDevices: maybe(Type.Array(Type.String())),
})
const isAsset = shapeOf(Asset)

/** A release, and the models that it is offered to; none where that is not told. */
type Offer = FoundRelease & { models: readonly string[] }

export function readGdmf(json: unknown, now: Date): Found {
  const list = parseList(json)
  if (!list.ok) throw invalidFeed(`Apple's list: ${list.problem}`)
  const {
    PublicAssetSets: updates,
    PublicBackgroundSecurityImprovements: improvements,
    PublicRapidSecurityResponses: responses,
  } = list.value
  const offers: Offer[] = []
  const knownDays: string[] = []
  let skipped = 0
  for (const it of [updates, improvements, responses].flatMap((set) => set?.macOS ?? [])) {
    const offer = isAsset(it) ? offerOf(it) : null
    // What has expired is not signed any more, and nobody can install it.
    const expires = isAsset(it) ? dayIn(it.ExpirationDate) : null
    if (offer) knownDays.push(offer.release.releasedOn)
    if (!offer) skipped++
    else if (expires === null || expires >= dayOf(now)) offers.push(offer)
  }
  const releases = withoutThoseOfFew(offers).map(({ id, version, release }) => ({ id, version, release }))
  return { format: 'gdmf', statedOn: null, knownDays, lines: [], releases, skipped }
}

function offerOf(asset: Static<typeof Asset>): Offer | null {
  const { ProductVersion: number, ProductVersionExtra: letter, SupportedDevices: models } = asset
  const version = macosVersionOf(letter ? `${number} ${letter.trim()}` : number)
  const releasedOn = dayIn(asset.PostingDate)
  if (!version || releasedOn === null) return null
  return { id: 'macos', version: version.line, release: { version: version.version, releasedOn }, models: models ?? [] }
}

/**
 * What only a few models are offered can be asked of none: the catalogue knows no models. A release for less than half as
 * many as the widest of its line is one of these. Several builds of one version are for different models.
 */
function withoutThoseOfFew(offers: readonly Offer[]): Offer[] {
  const versions = new Map<string, Set<string>>()
  const lines = new Map<string, { widest: number }>()
  const counted = offers.map((offer) => {
    const models = versions.get(offer.release.version) ?? new Set<string>()
    const line = lines.get(offer.version) ?? { widest: 0 }
    versions.set(offer.release.version, models)
    lines.set(offer.version, line)
    for (const model of offer.models) models.add(model)
    line.widest = Math.max(line.widest, models.size)
    return { offer, models, line }
  })
  const isForMost = ({ models, line }: (typeof counted)[number]) => models.size === 0 || models.size * 2 >= line.widest
  return counted.filter(isForMost).map(({ offer }) => offer)
}
