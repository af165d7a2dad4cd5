import { parseAssignments } from './assignments.ts'
import type { OsRelease } from './os-release.ts'

/**
 * Files in which systems without os-release(5) name themselves, the more exact before those that they share with the
 * system they are made of, each with its reader: what it says, in the keys of os-release, or null.
 */
export const RELEASE_FILES: readonly (readonly [path: string, read: (text: string) => OsRelease | null])[] = [
  ['/etc/linuxmint/info', readMintInfo],
  ['/etc/lsb-release', readLsbFile],
  ['/etc/oracle-release', readReleaseLine],
  ['/etc/centos-release', readReleaseLine],
  ['/etc/fedora-release', readReleaseLine],
  ['/etc/system-release', readReleaseLine],
  ['/etc/redhat-release', readReleaseLine],
  ['/etc/gentoo-release', readReleaseLine],
  ['/etc/slackware-version', readReleaseLine],
  ['/etc/SuSE-release', readSuseRelease],
  ['/etc/alpine-release', (text) => readVersion(text, 'Alpine Linux', 'alpine')],
  ['/etc/devuan_version', (text) => readVersion(text, 'Devuan GNU/Linux', 'devuan')],
  ['/etc/debian_version', (text) => readVersion(text, 'Debian GNU/Linux', 'debian')],
]

/** IDs as os-release has them, by how the name begins. */
const IDS: readonly (readonly [begin: RegExp, id: string])[] = [
  [/^Red Hat Enterprise/i, 'rhel'],
  [/^CentOS/i, 'centos'],
  [/^Fedora/i, 'fedora'],
  [/^Oracle Linux/i, 'ol'],
  [/^Amazon Linux/i, 'amzn'],
  [/^Rocky/i, 'rocky'],
  [/^AlmaLinux/i, 'almalinux'],
  [/^Scientific/i, 'scientific'],
  [/^Linux ?Mint/i, 'linuxmint'],
  [/^Ubuntu/i, 'ubuntu'],
  [/^Debian/i, 'debian'],
  [/^Devuan/i, 'devuan'],
  [/^Alpine/i, 'alpine'],
  [/^openSUSE/i, 'opensuse'],
  [/^SUSE Linux Enterprise/i, 'sles'],
  [/^Gentoo/i, 'gentoo'],
  [/^Slackware/i, 'slackware'],
]

function release(name: string, version: string, codename = ''): OsRelease | null {
  if (name === '' || !/^[\w.:+~-]{0,60}$/.test(version)) return null
  const id = IDS.find(([begin]) => begin.test(name))?.[1]
  return new Map([
    ['NAME', name],
    ...(version === '' ? [] : [['VERSION_ID', version] as const]),
    ...(codename === '' ? [] : [['VERSION_CODENAME', codename] as const]),
    ...(id === undefined ? [] : [['ID', id] as const]),
  ])
}

/** `CentOS Linux release 7.9.2009 (Core)`, as the systems around Red Hat have it; Slackware leaves the word out. */
export function readReleaseLine(text: string): OsRelease | null {
  const [, name = '', version = ''] = /^\s*(\S[^\n]*?)(?: release)? (\d[\w.+~-]*)(?=\s|$)/.exec(text) ?? []
  return release(name, version)
}

/** `DISTRIB_ID=Ubuntu` and more of that kind. */
function readLsbFile(text: string): OsRelease | null {
  const stated = parseAssignments(text)
  return release(stated.get('DISTRIB_ID') ?? '', stated.get('DISTRIB_RELEASE') ?? '', stated.get('DISTRIB_CODENAME'))
}

/** `RELEASE=19.3`, with the words for people beside it. */
function readMintInfo(text: string): OsRelease | null {
  const stated = parseAssignments(text)
  const version = stated.get('RELEASE') ?? ''
  return version === '' ? null : release('Linux Mint', version, stated.get('CODENAME'))
}

/** A first line for people, then `VERSION = 11` and, of the enterprise editions, `PATCHLEVEL = 4`. */
function readSuseRelease(text: string): OsRelease | null {
  const [first = ''] = text.trim().split('\n', 1)
  const name = first
    .trim()
    .replace(/ \([\w-]+\)$/, '')
    .replace(/ \d[\w.]*$/, '')
  const version = /^VERSION = ([\d.]+)\s*$/m.exec(text)?.[1] ?? ''
  const patch = /^PATCHLEVEL = ([1-9]\d*)\s*$/m.exec(text)?.[1]
  return version === '' ? null : release(name, patch === undefined ? version : `${version}.${patch}`)
}

/** A version and nothing else; testing and unstable have a name there, which is none. */
function readVersion(text: string, name: string, id: string): OsRelease | null {
  const stated = text.trim()
  if (!/^[\w./-]{1,40}$/.test(stated)) return null
  const isVersion = /^\d+(?:\.\d+)*$/.test(stated)
  return new Map([['NAME', name], ['ID', id], isVersion ? ['VERSION_ID', stated] : ['VERSION_CODENAME', stated]])
}

/** What `lsb_release -a` prints: `Distributor ID:`, `Release:` and more, in English everywhere. */
export function readLsbRelease(stdout: string): OsRelease | null {
  const field = (label: string) => new RegExp(`^${label}:[ \\t]+(.*)$`, 'm').exec(stdout)?.[1]?.trim() ?? ''
  const codename = field('Codename')
  return release(field('Distributor ID'), field('Release'), codename === 'n/a' ? '' : codename)
}
