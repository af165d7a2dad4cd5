import type { OsRelease } from '../os/os-release.ts'

/**
 * The kinds of system by what updates them, and the IDs of os-release that mean each. Most derivatives name one of the
 * parents in ID_LIKE; those below them here are known not to, or not in every version.
 */
const FAMILIES = {
  apt: ['debian', 'ubuntu'],
  dnf: ['fedora', 'rhel', 'centos', 'ol', 'rocky', 'almalinux', 'amzn'],
  zypper: ['suse', 'opensuse', 'opensuse-leap', 'opensuse-tumbleweed', 'sles', 'sles_sap', 'sled'],
  pacman: ['arch', 'archarm', 'cachyos', 'endeavouros', 'manjaro'],
  apk: ['alpine'],
} as const satisfies Record<string, readonly string[]>

/** Editions whose system is one image: their dnf, where there is one, does not update it. */
const IMAGES = /^(?:silverblue|kinoite|sericea|onyx|coreos|iot|bootc|\w+-atomic)$/

/** By what a system is updated: the family of its ID, else of the first of ID_LIKE that has one, else its own ID. */
export function updateFamily(release: OsRelease): string {
  if (release.has('OSTREE_VERSION') || IMAGES.test(release.get('VARIANT_ID') ?? '')) return 'rpm-ostree'
  const id = release.get('ID') ?? ''
  const ids = [id, ...(release.get('ID_LIKE') ?? '').split(/\s+/)].map((it) => it.toLowerCase())
  const families = ids.flatMap((it) =>
    Object.entries(FAMILIES).filter(([, members]) => members.some((is) => is === it)),
  )
  return families[0]?.[0] ?? (id.slice(0, 40) || 'an unnamed system')
}
