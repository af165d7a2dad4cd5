import { compareVersions, majorOf, type MacosVersion } from '../os/macos-version.ts'

/** What Software Update offers. */
export type Offer = {
  /** As people see it: `macOS Tahoe 26.7`, `Safari`. */
  title: string
  /** `26.7`, `26.3.1 (a)`; empty where none is told. */
  version: string
  /** What it is called among programs: `macOS Tahoe 26.7-25G229`, `MSU_UPDATE_25G229_patch_26.7_minor`. */
  id: string
}

export type CountedOffers = { pending: readonly Offer[]; pendingSecurity: number | null }

/**
 * What of the offers is missing on a machine with this macOS (null: which one is not known). Apple's updates of the
 * installed macOS and Safari are security updates; another macOS is none that is missing, nor are tools for developers.
 */
export function countOffers(offers: readonly Offer[], installed: MacosVersion | null): CountedOffers {
  const ofSystem = offers.filter(isOfSystem)
  const own = installed ? majorOf(installed.version) : lowestMajor(ofSystem)
  const isUpgrade = (offer: Offer) => ofSystem.includes(offer) && isAnotherMacos(offer, own)
  const pending = offers.filter(
    (it) => !isUpgrade(it) && !(installed && ofSystem.includes(it) && isHere(it, installed)),
  )
  const security = pending.filter((it) => ofSystem.includes(it) || isSafari(it)).length
  // Without the version of the machine, an upgrade may be what it should have had long ago.
  const isSure = installed !== null || security > 0 || ofSystem.length === 0
  return { pending, pendingSecurity: isSure ? security : null }
}

/** The offers of several sources, each once. */
export function together(sources: readonly (readonly Offer[])[]): readonly Offer[] {
  return [...new Map(sources.flat().map((it) => [`${it.title} ${it.version}`, it])).values()]
}

/** Titles are localised in places; what programs call it is not. */
function isOfSystem({ title, id }: Offer): boolean {
  if (id.startsWith('MSU_UPDATE_')) return true
  return [title, id].some((name) => OF_SYSTEM.test(name))
}

const OF_SYSTEM =
  /^(?:(?:macOS|Mac OS X|OS X)(?! Server\b)\b|Security Update \d{4}-\d|(?:Rapid Security Response|Background Security Improvement)\b)/

function isSafari({ title, id }: Offer): boolean {
  return [title, id].some((name) => /^Safari(?:$|[ -]?\d)/.test(name))
}

function isAnotherMacos(offer: Offer, own: string | null): boolean {
  if (offer.id.endsWith('_major')) return true
  // Security updates of older releases carry the version that they are for, or a year.
  if (!/^\d/.test(offer.version) || isForItsVersion(offer)) return false
  if (own !== null && majorOf(offer.version) !== own) return compareVersions(offer.version, own) > 0
  // The first of a macOS cannot be an update of it, except from a beta.
  return own === null && isFirst(offer)
}

const isForItsVersion = ({ title, id }: Offer): boolean =>
  [title, id].some((name) => name.startsWith('Security Update'))
const isBeta = ({ title }: Offer): boolean => /\b(?:beta|RC|seed)\b/i.test(title)
const isFirst = (offer: Offer): boolean => /^(?:10\.\d+|\d+)(?:\.0)*$/.test(offer.version) && !isBeta(offer)

/** Of the updates on offer the lowest is of the macOS that runs, unless it begins one. */
function lowestMajor(ofSystem: readonly Offer[]): string | null {
  const versions = ofSystem.filter((it) => /^\d/.test(it.version) && !isFirst(it) && !it.id.endsWith('_major'))
  const [lowest] = versions.map(({ version }) => version).toSorted(compareVersions)
  return lowest === undefined ? null : majorOf(lowest)
}

/** Whether it is installed by now: the list may be older than the system. */
function isHere(offer: Offer, installed: MacosVersion): boolean {
  if (!/^\d/.test(offer.version) || isForItsVersion(offer)) return false
  const running = `${installed.version} ${installed.rapidResponse ?? ''}`
  const difference = compareVersions(offer.version, running)
  if (difference !== 0) return difference < 0
  // A version may come in several builds, betas above all.
  const build = buildIn(offer.id)
  return build === null ? !isBeta(offer) : build === installed.build
}

function buildIn(id: string): string | null {
  return /(?:^MSU_UPDATE_|-)(\d{1,3}[A-Z]\d{1,6}[a-z]?)(?:_|$)/.exec(id)?.[1] ?? null
}
