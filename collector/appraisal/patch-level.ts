import type { Parsed } from '../../shared/schema.ts'
import type { SignalValue } from '../../shared/signals.ts'
import type { Catalogue, Release } from './catalogue.ts'
import { compareVersions, installedVersion, lineNameOf, nameOf, versionOf, type Version } from './versions.ts'

/** What the catalogue says of what is installed on a machine with Windows or macOS. */
export type PatchLevel = {
  /** The security releases of its own line and track that it lacks, the newest first. */
  missed: readonly Release[]
  /** Why the catalogue cannot say that it lacks no other; null where it can, for as long as it is not too old. */
  doubt: string | null
  /** The day until which the catalogue knows the releases of the line. */
  asOf: string
}

export type Installed = SignalValue['os'] & { platform: 'windows' | 'macos' }

/** Compares what is installed with the releases of its line; a problem where it is not told exactly enough. */
export function patchLevelOf(os: Installed, catalogue: Catalogue): Parsed<PatchLevel> {
  const installed = installedVersion(os)
  if (!installed || (os.platform === 'windows' && installed.numbers.length < 2)) {
    return { ok: false, problem: `how far ${nameOf(os)} is patched is not told` }
  }
  const name = lineNameOf(os.platform, installed)
  const line = isServer(os)
    ? undefined
    : catalogue.releases.find(({ id, version }) => id === os.platform && version === name)
  const asOf = line?.asOf ?? catalogue.date
  const releases = (line?.releases ?? []).flatMap((release): Numbered[] => {
    const version = versionOf(release.version)
    return version && lineNameOf(os.platform, version) === name ? [{ ...release, number: version }] : []
  })
  const ordinary = releases.filter(({ track }) => track === undefined)
  const hotpatches = releases.filter(({ track }) => track === 'hotpatch')
  if (isHotpatched(os, installed, hotpatches)) {
    return { ok: true, value: { ...hotpatchLevel(installed, ordinary, hotpatches), asOf } }
  }
  const doubt = ordinary.length > 0 ? null : `the release catalogue knows no security release of ${nameOf(os)}`
  return { ok: true, value: { missed: newerThan(installed, ordinary), doubt, asOf } }
}

/** Servers share builds with laptops, and have higher numbers there. Which of the two it is the name tells, or nothing does. */
function isServer({ platform, name }: Installed): boolean {
  return platform === 'windows' && !/^Windows \d/.test(name)
}

type Numbered = Release & { number: Version }

/** Those newer than what is installed, the newest first. */
function newerThan(installed: Version, releases: readonly Numbered[]): Numbered[] {
  return releases
    .filter(({ number }) => compareVersions(number, installed) > 0)
    .toSorted((a, b) => compareVersions(b.number, a.number))
}

/** By what the machine says, or by a number that only such machines have. */
function isHotpatched({ track }: Installed, installed: Version, hotpatches: readonly Numbered[]): boolean {
  return track === 'hotpatch' || hotpatches.some(({ number }) => compareVersions(number, installed) === 0)
}

/** The months whose first release every machine takes, with a restart; in the two after it there are hotpatches. */
const BASELINE_MONTHS = new Set(['01', '04', '07', '10'])

/**
 * A machine that takes hotpatches needs these, and between them the ordinary releases that both tracks share. The other
 * ordinary releases have higher numbers than the hotpatch of the same month, and say nothing about it.
 */
function hotpatchLevel(
  installed: Version,
  ordinary: readonly Numbered[],
  hotpatches: readonly Numbered[],
): Pick<PatchLevel, 'missed' | 'doubt'> {
  if (ordinary.length + hotpatches.length === 0) {
    return { missed: [], doubt: 'the release catalogue does not know the hotpatches of this build' }
  }
  const isBaseline = ({ releasedOn }: Release): boolean => {
    const month = releasedOn.slice(0, 7)
    return (
      BASELINE_MONTHS.has(month.slice(5)) &&
      !hotpatches.some((hotpatch) => hotpatch.releasedOn.startsWith(month)) &&
      !ordinary.some((other) => other.releasedOn.startsWith(month) && other.releasedOn < releasedOn)
    )
  }
  const missed = newerThan(installed, [...hotpatches, ...ordinary.filter(isBaseline)])
  // An ordinary release of which no hotpatch came on the same day or later: whether these machines need it is not known.
  const unmatched = newerThan(installed, ordinary).find(
    (release) => !isBaseline(release) && !hotpatches.some(({ releasedOn }) => releasedOn >= release.releasedOn),
  )
  const doubt = unmatched ? `the release catalogue does not know the hotpatch to ${unmatched.version}` : null
  return { missed, doubt }
}
