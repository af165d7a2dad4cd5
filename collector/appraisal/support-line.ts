import type { Parsed } from '../../shared/schema.ts'
import type { SignalValue } from '../../shared/signals.ts'
import type { Catalogue, SupportLine } from './catalogue.ts'
import { endOfDay } from './day.ts'
import { compareVersions, installedVersion, lineNameOf, nameOf, versionOf } from './versions.ts'
import { windowsEditionOf } from './windows-edition.ts'

type Os = SignalValue['os']

/** The line of support that a system belongs to, or why there is none for it, in words. */
export function supportLineOf(catalogue: Catalogue, os: Os): Parsed<SupportLine> {
  const own = catalogueIdOf(os)
  const lines = catalogue.lines.filter(({ id }) => id === own)
  switch (os.platform) {
    case 'windows':
      return windowsLine(lines, os)
    case 'macos': {
      const installed = installedVersion(os)
      return found(installed && lines.find(({ version }) => version === lineNameOf('macos', installed)), os)
    }
    case 'linux':
      return linuxLine(lines, os)
  }
}

function found(line: SupportLine | null | undefined, os: Os): Parsed<SupportLine> {
  return line ? { ok: true, value: line } : { ok: false, problem: `${nameOf(os)} is not in the release catalogue` }
}

/** The name that the catalogue has for a system. CentOS Stream has the ID of CentOS Linux, and ends of its own. */
function catalogueIdOf(os: Os): string | null {
  if (os.platform !== 'linux') return os.platform
  const id = linuxIdOf(os)
  // What the other systems are called is no ID of a Linux.
  if (id === 'windows' || id === 'macos') return null
  return id === 'centos' && /\bstream\b/i.test(os.name) ? 'centos-stream' : id
}

/** The ID of os-release; of what reports none the first word of the name: `Debian GNU/Linux` is `debian`. */
export function linuxIdOf({ id, name }: Os): string {
  return id ?? name.replace(/\W.*$/s, '').toLowerCase()
}

/** One build has several ends of support, so the edition decides; one that is not known gets none of them. */
function windowsLine(lines: readonly SupportLine[], os: Os): Parsed<SupportLine> {
  const installed = installedVersion(os)
  const ofBuild = lines.filter(({ version }) => installed && version === lineNameOf('windows', installed))
  const edition = windowsEditionOf(os.edition ?? '')
  if (edition === null && ofBuild.some(({ editions }) => editions)) {
    const which =
      os.edition === undefined ? 'the edition is not told' : `the edition ${os.edition} is none that is known`
    return { ok: false, problem: `the end of support of ${nameOf(os)} hangs on its edition, and ${which}` }
  }
  const own = edition !== null && ofBuild.find(({ editions }) => editions?.includes(edition))
  return found(own || ofBuild.find(({ editions }) => !editions), os)
}

/** By its exact version, else by the front part of it (`9` of `9.6`), else a rolling line. */
function linuxLine(lines: readonly SupportLine[], os: Os): Parsed<SupportLine> {
  const parts = os.version.split('.')
  const versions = parts.map((_, at) => parts.slice(0, parts.length - at).join('.'))
  const line = [...versions, null].map((it) => lines.find(({ version }) => version === it)).find((it) => it)
  if (!line && os.version === '' && lines.length > 0) {
    return { ok: false, problem: `${nameOf(os)} tells no version, as releases that are still being made do` }
  }
  return found(line, os)
}

/** When support ends on a machine: for everybody, or later for one that proves to get extended updates. */
export type SupportEnd = {
  /** The first moment without; null where no end is known. */
  at: Date | null
  isExtended: boolean
  /** Whether there are extended updates which this machine may get, and what is installed is not told exactly enough to see. */
  isDoubtful: boolean
}

/** The last of the ends that hold for what is installed. */
export function supportEndOf(line: SupportLine, os: Os): SupportEnd {
  if (line.supportedUntil === null) return { at: null, isExtended: false, isDoubtful: false }
  const ends = [endOfDay(line.supportedUntil)]
  const installed = installedVersion(os)
  for (const { until, above } of line.extended ?? []) {
    const last = versionOf(above)
    if (installed && last && compareVersions(installed, last) > 0) ends.push(endOfDay(until))
  }
  const at = ends.reduce((latest, end) => (end > latest ? end : latest))
  const isWhole = os.platform !== 'windows' || (installed?.numbers.length ?? 0) > 1
  return { at, isExtended: at > endOfDay(line.supportedUntil), isDoubtful: !isWhole && line.extended !== undefined }
}
