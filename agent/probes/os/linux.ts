import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { printable } from '../printable.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { readOsRelease, type OsRelease } from './os-release.ts'
import { readReleaseLine } from './release-files.ts'

type Os = SignalValue['os']

const KERNEL = '/proc/sys/kernel/osrelease'
const ARCH = '/proc/sys/kernel/arch'
const DEBIAN = '/etc/debian_version'
const RED_HAT = '/etc/redhat-release'

/** Which Linux this is. */
export async function readLinuxOs(host: Host): Promise<Reading<Os>> {
  const found = await readOsRelease(host)
  if (!found.ok) return { ...unreadableBecause(found), source: '/etc/os-release' }

  const [kernel, arch, debianVersion, redHatRelease] = await Promise.all(
    [KERNEL, ARCH, DEBIAN, RED_HAT].map((path) => contentOf(host, path)),
  )
  const fact = linuxOs(found.release, { kernel, arch, debianVersion, redHatRelease })
  const sources = [found.path, kernel && KERNEL, debianVersion && DEBIAN, redHatRelease && RED_HAT]
  return { ...fact, source: [...new Set(sources.filter(Boolean))].join(', ') }
}

/** All but os-release is an extra: what cannot be read is left out, and the fact still stands. */
async function contentOf(host: Host, path: string): Promise<string | undefined> {
  const file = await host.readFile(path)
  return file.ok ? file.text.trim() : undefined
}

/** What os-release and the kernel say, put together. */
export function linuxOs(
  release: OsRelease,
  extra: {
    kernel?: string | undefined
    arch?: string | undefined
    debianVersion?: string | undefined
    redHatRelease?: string | undefined
  },
): Fact<Os> {
  const name = printable(release.get('NAME') || release.get('PRETTY_NAME') || release.get('ID') || '', 100)
  if (name === '') return unreadable('os-release names no system')
  // No version at all is a rolling release; one that makes no sense must not pass for that.
  const version = release.get('VERSION_ID') ?? ''
  if (!/^[\w.:+~-]{0,60}$/.test(version)) return unreadable('VERSION_ID of os-release is not a version')

  const id = release.get('ID') ?? ''
  const kernel = kernelOf(extra.kernel ?? '')
  const edition = printable(release.get('VARIANT') ?? '', 60)
  const supportEnd = endOfDay(release.get('SUPPORT_END') ?? '')
  return value({
    platform: 'linux',
    name,
    version,
    build: printable(release.get('BUILD_ID') ?? '', 60) || pointRelease(release, extra),
    ...(edition !== '' && { edition }),
    ...(kernel !== undefined && { kernel }),
    arch: archOf(extra.arch ?? '', kernel ?? ''),
    ...(/^[a-z0-9][\w.-]{0,39}$/.test(id) && { id }),
    ...(supportEnd !== null && { supportEnd }),
  })
}

/** The release of a kernel, as `uname -r` prints it. */
export function kernelOf(text: string): string | undefined {
  return /^\d+\.\d+\S{0,90}$/.test(text) ? text : undefined
}

type Stated = { debianVersion?: string | undefined; redHatRelease?: string | undefined }

/** `12.11` of Debian 12, `24.04.2` of Ubuntu 24.04, `7.9.2009` of CentOS 7; empty where nothing more exact is told. */
function pointRelease(release: OsRelease, { debianVersion = '', redHatRelease = '' }: Stated): string {
  const version = release.get('VERSION_ID') ?? ''
  if (version === '') return ''
  // Derivatives ship Debian's own file too, where it says nothing about them; testing and unstable have a name in it.
  const own = release.get('ID') === 'debian' ? debianVersion : (release.get('VERSION')?.split(' ')[0] ?? '')
  const stated = [own, readReleaseLine(redHatRelease)?.get('VERSION_ID') ?? '']
  return stated.find((it) => it.startsWith(`${version}.`) && /^[\d.]{1,60}$/.test(it)) ?? ''
}

/** As the kernel names it (`uname -m`), whatever the distribution calls it in the kernel's release. */
const ARCHES: readonly (readonly [ending: RegExp, arch: string])[] = [
  [/[.-](x86_64|amd64)(?=$|[+.-])/, 'x86_64'],
  [/[.-](aarch64|arm64)(?=$|[+.-])/, 'aarch64'],
  [/[.-](riscv64)(?=$|[+.-])/, 'riscv64'],
  [/[.-](ppc64le|ppc64el)(?=$|[+.-])/, 'ppc64le'],
  [/[.-](s390x)(?=$|[+.-])/, 's390x'],
]

/** Older kernels than 6.1 have no file for it, and not every release string ends in it: then it is left empty. */
function archOf(stated: string, kernel: string): string {
  if (/^\w{2,20}$/.test(stated)) return stated
  return ARCHES.find(([ending]) => ending.test(kernel))?.[1] ?? ''
}

/** The last moment of a day like `2026-05-13`; null for what is no day. */
function endOfDay(day: string): string | null {
  const end = /^\d{4}-\d{2}-\d{2}$/.test(day) ? new Date(`${day}T23:59:59Z`) : null
  // A 30th of February would silently become a day of March.
  return end && !Number.isNaN(end.getTime()) && end.toISOString().startsWith(day) ? end.toISOString() : null
}
