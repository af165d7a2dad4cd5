import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import { numberOf, textOf } from '../powershell.ts'

/** What Windows tells of its version; null for what this source does not tell. */
export type WindowsVersion = {
  build: string | null
  /** The update build revision: how far this build is patched. */
  ubr: number | null
  /** `24H2`, or on older releases the ReleaseId (`1809`). */
  displayVersion: string | null
  edition: string | null
  isServer: boolean | null
  productName: string | null
  arch: string
}

type Values = Readonly<Record<string, unknown>>

/** The same property by its names in the registry, in `Get-ComputerInfo` and in `Win32_OperatingSystem`. */
const NAMES = {
  build: ['CurrentBuild', 'CurrentBuildNumber', 'OsBuildNumber', 'BuildNumber'],
  whole: ['OsVersion', 'Version'],
  ubr: ['UBR', 'WindowsUBR'],
  displayVersion: ['DisplayVersion', 'OSDisplayVersion'],
  releaseId: ['ReleaseId', 'WindowsVersion'],
  edition: ['EditionID', 'WindowsEditionId'],
  installationType: ['InstallationType', 'WindowsInstallationType'],
  productType: ['ProductType', 'OsProductType'],
  productName: ['ProductName', 'WindowsProductName', 'OsName', 'Caption'],
  arch: ['PROCESSOR_ARCHITECTURE', 'OSArchitecture', 'Architecture'],
} as const

/** Reads the version from the values of the registry, or from the properties that PowerShell shows. */
export function readWindowsVersion(values: Values): Fact<WindowsVersion> {
  const all = withParts(values)
  const textIn = (names: readonly string[]) => names.map((name) => plainText(all[name])).find((it) => it !== null)
  const builds = new Set([
    ...NAMES.build.map((name) => plainText(all[name])),
    ...NAMES.whole.map((name) => /^10\.0\.(\d+)\b|^6\.\d\.(\d+)\b/.exec(plainText(all[name]) ?? '')?.[1] ?? null),
  ])
  builds.delete(null)
  const [build = null, other] = [...builds]
  if (other !== undefined) return unreadable(`Windows names two builds: ${build} and ${other}`)
  if (build !== null && !/^\d{4,6}$/.test(build)) return unreadable('the build of Windows is no number that can be')

  const ubr = NAMES.ubr.map((name) => numberOf(all[name])).find((it) => it !== null) ?? null
  if (ubr !== null && !(Number.isInteger(ubr) && ubr >= 0 && ubr < 1_000_000)) {
    return unreadable('the revision of the build is no number that can be')
  }
  const productName = textIn(NAMES.productName) ?? null
  const edition = textIn(NAMES.edition) ?? null
  const version = {
    build,
    ubr,
    displayVersion: displayVersionOf(textIn(NAMES.displayVersion), textIn(NAMES.releaseId)),
    edition: edition !== null && /^\w{2,60}$/.test(edition) ? edition : null,
    isServer: isServer(textIn(NAMES.installationType), textIn(NAMES.productType), edition, productName),
    productName,
    arch: windowsArch(textIn(NAMES.arch) ?? ''),
  }
  const isAnything = [build, ubr, version.displayVersion, version.edition].some((it) => it !== null)
  return isAnything ? value(version) : unreadable('nothing of the version of Windows is told')
}

/** Reads what `ver` of the command line prints; only the brackets and the numbers are the same in every language. */
export function readVer(stdout: string): Fact<WindowsVersion> {
  // A window that was just opened says the same, and whose it is.
  const lines = stdout.split(/\r?\n/).filter((line) => line.trim() !== '' && !/^\(c\) /i.test(line))
  const [, build, ubr] =
    /^Microsoft Windows (?:\w+ )?\[[^\]\d]*(?:10\.0|6\.[0-3])\.(\d{4,6})(?:\.(\d{1,6}))?\]\s*$/.exec(lines[0] ?? '') ??
    []
  if (build === undefined || lines.length > 1) return unreadable('ver printed no version that is known')
  return readWindowsVersion({ CurrentBuild: build, ...(ubr !== undefined && { UBR: Number(ubr) }) })
}

/** The fact of a version, if it tells the build. One without its revision is only half of it, and stands as it is. */
export function windowsOs(version: WindowsVersion): Fact<SignalValue['os']> {
  const { build, ubr, displayVersion, edition, arch } = version
  if (build === null) return unreadable('the build of Windows is not told')
  return value({
    platform: 'windows',
    name: nameOf(version, Number(build)),
    version: displayVersion ?? '',
    build: ubr === null ? build : `${build}.${ubr}`,
    ...(edition !== null && { edition }),
    arch,
  })
}

/** `Windows 11` is told by the build alone: ProductName says "Windows 10" there too. Of a server ProductName is right. */
function nameOf({ isServer: isOfServer, productName }: WindowsVersion, build: number): string {
  if (isOfServer === null) return 'Windows'
  if (!isOfServer) return CLIENTS.find(([from]) => build >= from)?.[1] ?? 'Windows'
  const stated = /Windows Server (?:\d{4}(?: R2)?|version \w+)/i.exec(productName ?? '')?.[0]
  return stated ?? SERVERS.get(build) ?? 'Windows Server'
}

const CLIENTS = [
  [22_000, 'Windows 11'],
  [10_240, 'Windows 10'],
  [9600, 'Windows 8.1'],
  [9200, 'Windows 8'],
  [7600, 'Windows 7'],
] as const

const SERVERS: ReadonlyMap<number, string> = new Map([
  [9200, 'Windows Server 2012'],
  [9600, 'Windows Server 2012 R2'],
  [14_393, 'Windows Server 2016'],
  [17_763, 'Windows Server 2019'],
  [20_348, 'Windows Server 2022'],
  [26_100, 'Windows Server 2025'],
])

/** The best of what is told decides: the kind of the installation, of the product, of the edition, then the names. */
function isServer(
  installation: string | undefined,
  product: string | undefined,
  edition: string | null,
  name: string | null,
): boolean | null {
  const kind = installation ?? product ?? ''
  if (/^(?:client|workstation|winnt|1)$/i.test(kind)) return false
  if (/^(?:server\b.*|nano server|serverNT|lanmanNT|domaincontroller|[23])$/i.test(kind)) return true
  if (kind !== '') return null
  // Windows 10 and 11 for several sessions carry an edition of servers.
  if (edition !== null && edition !== 'ServerRdsh') return /^Server/i.test(edition)
  if (name === null) return null
  return /\bServer\b/i.test(name) ? true : /\bWindows (?:7|8|8\.1|10|11)\b/.test(name) ? false : null
}

/** ReleaseId stopped at 2009, which three releases carry. */
function displayVersionOf(stated: string | undefined, releaseId: string | undefined): string | null {
  if (stated !== undefined && /^\d{2}H\d$/i.test(stated)) return stated
  return releaseId !== undefined && /^1[5-9]\d\d$|^2004$/.test(releaseId) ? releaseId : null
}

/** The processor by PROCESSOR_ARCHITECTURE (`AMD64`) or OSArchitecture (`64-bit`), in the words that Linux has for it; empty where it is another. */
export function windowsArch(stated: string): string {
  if (/arm/i.test(stated)) return /64/.test(stated) ? 'aarch64' : ''
  if (/^amd64$|^x64$|^64\D/i.test(stated)) return 'x86_64'
  return /^x86$|^32\D/i.test(stated) ? 'i686' : ''
}

/** Properties that hold others, as lists put together from several questions do, stand beside these. */
function withParts(values: Values): Values {
  const parts = Object.values(values).filter((it): it is Values => typeof it === 'object' && it !== null)
  return Object.assign({}, ...parts, values)
}

/** Numbers stand as texts in some answers, and texts as numbers in others. */
function plainText(it: unknown): string | null {
  return typeof it === 'number' ? String(it) : textOf(it)
}
