import type { SignalValue } from '../../shared/signals.ts'

/**
 * A version by its numbers, and the letter of the rapid response that is installed on top of it; empty where none is. A
 * beta has the numbers of what it will become, and comes before it.
 */
export type Version = { numbers: readonly number[]; response: string; isBeta?: true }

/** `26.6.2`, `26.3.1 (a)`, `26100.4652`. */
export const VERSION = /^(\d{1,9}(?:\.\d{1,9}){0,7})(?: ?\(([a-z]{1,2})\))?$/

export function versionOf(text: string): Version | null {
  const [, numbers, response = ''] = VERSION.exec(text) ?? []
  return numbers === undefined ? null : { numbers: numbers.split('.').map(Number), response }
}

/** Compares number by number, then a beta with what it becomes, then by the letter; below 0 where the first is the older one. A number that is not there is 0. */
export function compareVersions(one: Version, other: Version): number {
  for (let at = 0; at < Math.max(one.numbers.length, other.numbers.length); at++) {
    const difference = (one.numbers[at] ?? 0) - (other.numbers[at] ?? 0)
    if (difference !== 0) return difference
  }
  if (one.isBeta !== other.isBeta) return one.isBeta ? -1 : 1
  if (one.response.length !== other.response.length) return one.response.length - other.response.length
  return one.response < other.response ? -1 : Number(one.response > other.response)
}

/** How many numbers two versions have in common from the front. */
export function numbersShared(one: Version, other: Version): number {
  const differsAt = one.numbers.findIndex((number, at) => number !== other.numbers[at])
  return differsAt === -1 ? one.numbers.length : differsAt
}

/**
 * What is installed, as exactly as it is told: the build of Windows with its revision, the version of macOS with its
 * rapid response, on Linux the point release where there is one. Null where there is nothing to compare.
 */
export function installedVersion(os: SignalValue['os']): Version | null {
  switch (os.platform) {
    case 'windows':
      return versionOf(os.build)
    case 'macos': {
      const version = versionOf(`${os.version} ${os.rapidResponse ?? ''}`.trim())
      return version && isBeta(os) ? { ...version, isBeta: true } : version
    }
    case 'linux':
      return versionOf(pointReleaseOf(os))
  }
}

/** Betas of macOS have builds like `26B5045e`; those of releases end in no letter, those of rapid responses have more digits. */
function isBeta({ platform, build }: SignalValue['os']): boolean {
  return platform === 'macos' && /^\d{2}[A-Z]5\d{3}[a-z]$/.test(build)
}

/** `12.11` of Debian 12, where it is told; else the version. An image has numbers of its own there. */
function pointReleaseOf({ version, build }: SignalValue['os']): string {
  return build.startsWith(`${version}.`) ? build : version
}

/** The line that a version of Windows or macOS belongs to: `26100`, `26`, and `10.15` of the releases before macOS 11. */
export function lineNameOf(platform: 'windows' | 'macos', { numbers }: Version): string {
  const [first = 0, second = 0] = numbers
  return platform === 'macos' && first === 10 ? `10.${second}` : String(first)
}

/** The system and its version, for people. */
export function nameOf(os: SignalValue['os']): string {
  const version = os.platform === 'linux' ? pointReleaseOf(os) : os.version
  const more = os.platform === 'windows' ? `(${os.build})` : (os.rapidResponse ?? (isBeta(os) ? 'beta' : ''))
  return [os.name.trim(), version, more].filter((it) => it !== '').join(' ')
}
