import type { OsRelease } from '../os/os-release.ts'

/**
 * The kinds of system by what updates them, and the IDs of os-release that mean each. Most derivatives name one of the
 * parents in ID_LIKE; those below them here are known not to, or not in every version.
 */
const FAMILIES = {
  apt: idsOf(`debian ubuntu linuxmint lmde pop zorin elementary neon kali parrot mx devuan raspbian deepin uos pureos tuxedo
    q4os antix peppermint bodhi sparky linspire trisquel`),
  dnf: idsOf(`fedora rhel centos ol rocky almalinux amzn nobara eurolinux virtuozzo scientific circle cloudlinux navylinux
    miraclelinux ultramarine openmandriva openeuler anolis mageia azurelinux mariner`),
  zypper: idsOf(`suse opensuse opensuse-leap opensuse-tumbleweed opensuse-slowroll opensuse-microos opensuse-aeon
    opensuse-kalpa opensuse-leap-micro sles sles_sap sled sle_hpc sle-micro sl-micro suse-microos regataos`),
  pacman: idsOf(`arch archarm arch32 cachyos endeavouros manjaro manjaro-arm garuda artix arcolinux blackarch parabola
    rebornos xerolinux archcraft`),
  apk: idsOf('alpine postmarketos'),
} as const

function idsOf(list: string): ReadonlySet<string> {
  return new Set(list.split(/\s+/))
}

/** A kind of system that the agent can count the updates of. */
export type UpdateFamily = keyof typeof FAMILIES | 'rpm-ostree'

/** Editions whose system is one image: their dnf, where there is one, does not update it. */
const OSTREE_EDITIONS =
  /^(?:silverblue|kinoite|sericea|onyx|coreos|iot|bootc|bazzite\S*|bluefin\S*|aurora\S*|ucore\S*|\S+-atomic)$/
const OSTREE_IDS = /^(?:bazzite|bluefin|aurora|ucore|rhcos|scos|fedora-coreos)$/

/**
 * Systems that are one image, which something of their own replaces as a whole. They name a parent whose program is
 * there and knows nothing of that.
 */
const OTHER_IMAGES =
  /^(?:steamos|tails|chimeraos|vanillaos|vanilla|blendos|flatcar|bottlerocket|ubuntu-core|endless|kde-linux)$/

/** Ubuntu Core names itself like Ubuntu, and is made of snaps. */
const isOtherImage = (id: string, release: OsRelease): boolean =>
  OTHER_IMAGES.test(id) || release.get('VARIANT_ID') === 'steamdeck' || release.get('NAME') === 'Ubuntu Core'

/** By what a system is updated: the family of its ID, else of the first of ID_LIKE that has one, else its own ID. */
export function updateFamily(release: OsRelease): { reads: UpdateFamily } | { other: string } {
  const id = (release.get('ID') ?? '').toLowerCase()
  const edition = (release.get('VARIANT_ID') ?? '').toLowerCase()
  if (release.has('OSTREE_VERSION') || OSTREE_EDITIONS.test(edition) || OSTREE_IDS.test(id))
    return { reads: 'rpm-ostree' }
  const other = { other: id.slice(0, 40) || 'an unnamed system' }
  if (isOtherImage(id, release)) return other
  for (const it of [id, ...(release.get('ID_LIKE') ?? '').toLowerCase().split(/\s+/)]) {
    const family = familyOf(it)
    if (family !== null) return { reads: family }
  }
  return other
}

function familyOf(id: string): UpdateFamily | null {
  for (const family of FAMILY_NAMES) if (FAMILIES[family].has(id)) return family
  return null
}

const FAMILY_NAMES = ['apt', 'dnf', 'zypper', 'pacman', 'apk'] as const satisfies (keyof typeof FAMILIES)[]
