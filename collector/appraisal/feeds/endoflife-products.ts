/** A product of endoflife.date that a laptop may run. */
export type EndOfLifeProduct = {
  /** What the catalogue knows it by: the ID of os-release, `windows`, `macos`, `centos-stream`. */
  ids: readonly string[]
  title: string
  /** Its releases with long-term support say so in their name. */
  hasLtsInName?: true
  /** What the site calls extended support is free and for everyone. */
  isExtendedFree?: true
}

/** By the name of the product, without what is neither letter nor digit: the site has spelt some in several ways. */
const PRODUCTS: ReadonlyMap<string, EndOfLifeProduct> = new Map<string, EndOfLifeProduct>([
  ['windows', { ids: ['windows'], title: 'Windows' }],
  ['windowsserver', { ids: ['windows'], title: 'Windows Server' }],
  ['macos', { ids: ['macos'], title: 'macOS' }],
  ['ubuntu', { ids: ['ubuntu'], title: 'Ubuntu', hasLtsInName: true }],
  ['debian', { ids: ['debian'], title: 'Debian', isExtendedFree: true }],
  ['fedora', { ids: ['fedora'], title: 'Fedora' }],
  ['rhel', { ids: ['rhel'], title: 'Red Hat Enterprise Linux' }],
  ['rockylinux', { ids: ['rocky'], title: 'Rocky Linux' }],
  ['almalinux', { ids: ['almalinux'], title: 'AlmaLinux' }],
  ['centos', { ids: ['centos'], title: 'CentOS' }],
  ['centosstream', { ids: ['centos-stream'], title: 'CentOS Stream' }],
  ['oraclelinux', { ids: ['ol'], title: 'Oracle Linux' }],
  ['amazonlinux', { ids: ['amzn'], title: 'Amazon Linux' }],
  ['opensuse', { ids: ['opensuse-leap'], title: 'openSUSE Leap' }],
  // The desktop has an ID of its own, and the same general support.
  ['sles', { ids: ['sles', 'sled'], title: 'SUSE Linux Enterprise' }],
  ['linuxmint', { ids: ['linuxmint'], title: 'Linux Mint' }],
  ['popos', { ids: ['pop'], title: 'Pop!_OS' }],
  ['nixos', { ids: ['nixos'], title: 'NixOS' }],
  ['mageia', { ids: ['mageia'], title: 'Mageia' }],
  ['devuan', { ids: ['devuan'], title: 'Devuan' }],
  ['alpinelinux', { ids: ['alpine'], title: 'Alpine Linux' }],
  ['slackware', { ids: ['slackware'], title: 'Slackware' }],
])

export function endOfLifeProduct(name: string): EndOfLifeProduct | undefined {
  return PRODUCTS.get(name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))
}
