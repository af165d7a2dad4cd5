/**
 * Whether one of the installed kernels replaces the running one: of the same flavour, and newer. Releases are those of
 * `uname -r`, which are also the names of the folders in /lib/modules.
 */
export function newerKernels(running: string, installed: readonly string[]): string[] {
  const now = dissect(running)
  if (!now) return []
  return installed.filter((release) => {
    const other = dissect(release)
    if (other === null || other.flavour !== now.flavour || compareKernels(other, now) <= 0) return false
    return !isOfOtherSeries(other, now)
  })
}

/** Manjaro installs kernels of several series side by side, and its user chooses among them. */
const isOfOtherSeries = (a: Kernel, b: Kernel): boolean =>
  a.flavour === 'MANJARO' && compareLists(a.version.slice(0, 2), b.version.slice(0, 2)) !== 0

type Kernel = {
  /** The numbers up to the first word: 4.18.0-80.4.2.el8_0 is newer than 4.18.0-80.el8. */
  version: number[]
  /** All numbers after that: the 13 of deb13, the 41 of fc41. */
  build: number[]
  flavour: string
}

const ARCH =
  /[.-](x86_64|amd64|aarch64|arm64|riscv64|ppc64le|ppc64el|s390x|armv7hl|armv7l|armmp|i[3-6]86|686)(?=$|[+.-])/

/** Words that name who built it or from which release, not another kind of kernel: kernels differ in them and replace each other. */
const VENDOR = /^(el|fc|deb|bpo|rc|arch|amzn|lp|mga|cm|azl)\d*/

function dissect(release: string): Kernel | null {
  if (!/^\d+\.\d+/.test(release)) return null
  const bare = release.replace(ARCH, '')
  const head = /^\d+(?:[-._+~]\d+)*/.exec(bare)?.[0] ?? ''
  const tail = bare.slice(head.length)
  const words = tail.split(/[-._+~]/).map((word) => word.replace(VENDOR, '').replaceAll(/\d+/g, ''))
  return { version: numbersOf(head), build: numbersOf(tail), flavour: words.filter(Boolean).join('-') }
}

function numbersOf(text: string): number[] {
  return [...text.matchAll(/\d+/g)].map(([digits]) => Number(digits))
}

function compareKernels(a: Kernel, b: Kernel): number {
  return compareLists(a.version, b.version) || compareLists(a.build, b.build)
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  for (let n = 0; n < Math.max(a.length, b.length); n++) {
    const difference = (a[n] ?? -1) - (b[n] ?? -1)
    if (difference !== 0) return difference
  }
  return 0
}
