import { Type } from 'typebox'
import type { Fact } from '../../shared/fact.ts'
import type { Platform, SignalValue } from '../../shared/signals.ts'
import { fail, pass, unknown, type Judgement } from './rule.ts'
import { linuxIdOf } from './support-line.ts'
import { TRUST } from './trust-vector.ts'
import {
  VERSION,
  compareVersions,
  installedVersion,
  lineNameOf,
  nameOf,
  numbersShared,
  versionOf,
  type Version,
} from './versions.ts'

type Os = SignalValue['os']

/** The least versions that a policy admits: by `windows`, `macos` or the ID of os-release, one version or one for each line. */
export type Minimum = Readonly<Record<string, string | readonly string[]>>

/** One version or several. YAML reads 24.10 without quotes as the number 24.1, so numbers are refused. */
function versions(pattern: RegExp, example: string) {
  const isVersion = (it: unknown) => typeof it === 'string' && it.length <= 40 && pattern.test(it)
  const isRight = (it: unknown): boolean =>
    Array.isArray(it) ? it.length > 0 && it.length <= 32 && it.every(isVersion) : isVersion(it)
  return Type.Refine(Type.Unknown(), isRight, () => `must be a version in quotes ('${example}') or a list of these`)
}

/** What people write for an operating system that is no ID of a Linux distribution. */
const NO_ID = 'windows|macos|linux|win|mac|osx|darwin'

export const Minimum = Type.Unsafe<Minimum>(
  Type.Object(
    {
      windows: Type.Optional(versions(/^\d{4,6}(?:\.\d{1,6})?$/, '26100.4652')),
      macos: Type.Optional(versions(VERSION, '15.7.2')),
    },
    {
      patternProperties: { [`^(?!(?:${NO_ID})$)[a-z0-9][a-z0-9._-]{0,39}$`]: versions(VERSION, '24.04') },
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 32,
    },
  ),
)

/** What a minimum asks, in words: `macos 15.7.2 or 26.1, debian 12.5`. */
export function inWordsOf(minimum: Minimum): string {
  return Object.entries(minimum)
    .map(([id, least]) => `${id} ${[least].flat().join(' or ')}`)
    .join(', ')
}

/** What a minimum finds of a system; null where it does not name it. */
export function judgeMinimum(minimum: Minimum, os: Fact<Os>, platform: Platform): Judgement | null {
  const named = Object.keys(minimum).filter((id) => (platform === 'linux' ? !isPlatform(id) : id === platform))
  if (named.length === 0) return null
  if (os.kind !== 'value') {
    return unknown(`the operating system is not known: ${os.why}`, 'See why the agent cannot read it.')
  }
  if (os.value.platform !== platform) {
    const why = `the device was enrolled on ${platform}, and says that it runs ${os.value.platform}`
    return unknown(why, 'Enrol the device again with the agent of the operating system that runs on it.')
  }
  const id = platform === 'linux' ? linuxIdOf(os.value) : platform
  const least = named.includes(id) ? minimum[id] : undefined
  return least === undefined ? null : compared(os.value, [least].flat())
}

const isPlatform = (id: string): boolean => id === 'windows' || id === 'macos'

function compared(os: Os, least: readonly string[]): Judgement {
  const installed = installedVersion(os)
  const required =
    installed &&
    ownOf(
      least.flatMap((it) => versionOf(it) ?? []),
      installed,
      os.platform,
    )
  if (!installed || !required) {
    return unknown(`${nameOf(os)} has no version to compare`, 'Ask your admin.')
  }
  const needed = textOf(required)
  // `12` may be 12.1 or 12.11, and `26100` any revision of that build; a version of macOS is always whole.
  const isCut =
    os.platform !== 'macos' &&
    installed.numbers.length < required.numbers.length &&
    numbersShared(installed, required) === installed.numbers.length
  if (isCut) {
    const why = `whether ${nameOf(os)} is at least ${needed} is not told`
    return unknown(why, 'See why the agent cannot read the version more exactly.')
  }
  if (compareVersions(installed, required) >= 0) return pass(`${nameOf(os)} is at least ${needed}`)
  return fail(
    `${nameOf(os)} is older than ${needed}, the least that is admitted`,
    `Update the operating system to ${needed} or newer.`,
    TRUST.knownVulnerabilities,
  )
}

/** The entry of the line that is installed: the nearest by its numbers. Without one the newest counts, so that only what is above all passes. */
function ownOf(least: readonly Version[], installed: Version, platform: Platform): Version | undefined {
  const isOfLine = (it: Version) =>
    platform === 'linux'
      ? it.numbers[0] === installed.numbers[0]
      : lineNameOf(platform, it) === lineNameOf(platform, installed)
  const byNearness = (a: Version, b: Version) =>
    numbersShared(b, installed) - numbersShared(a, installed) || compareVersions(b, a)
  const [newest] = least.toSorted((a, b) => compareVersions(b, a))
  return least.filter(isOfLine).toSorted(byNearness)[0] ?? newest
}

const textOf = ({ numbers, response }: Version): string =>
  `${numbers.join('.')}${response === '' ? '' : ` (${response})`}`
