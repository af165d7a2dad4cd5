/**
 * Every program that the agent may start, by name, with the absolute paths it may have. Nothing else is ever started,
 * and PATH is never searched: a name in a folder that a user can write to is not the program.
 */
export const PROGRAMS = {
  'apt-config': ['/usr/bin/apt-config'],
  'apt-get': ['/usr/bin/apt-get'],
  'apt-helper': ['/usr/lib/apt/apt-helper'],
  apt: ['/usr/bin/apt'],
  'apt-check': ['/usr/lib/update-notifier/apt-check'],
  pro: ['/usr/bin/pro'],
  needrestart: ['/usr/sbin/needrestart'],
  lsb_release: ['/usr/bin/lsb_release'],
  dnf: ['/usr/bin/dnf'],
  dnf5: ['/usr/bin/dnf5'],
  yum: ['/usr/bin/yum'],
  'needs-restarting': ['/usr/bin/needs-restarting'],
  zypper: ['/usr/bin/zypper'],
  pacman: ['/usr/bin/pacman'],
  apk: ['/sbin/apk', '/usr/bin/apk'],
  'rpm-ostree': ['/usr/bin/rpm-ostree'],
  rpm: ['/usr/bin/rpm', '/bin/rpm'],
  falconctl: [
    '/opt/CrowdStrike/falconctl',
    '/Applications/Falcon.app/Contents/Resources/falconctl',
    '/Library/CS/falconctl',
  ],
  mdatp: [
    '/usr/bin/mdatp',
    '/opt/microsoft/mdatp/sbin/wdavdaemonclient',
    '/Applications/Microsoft Defender.app/Contents/MacOS/wdavdaemonclient',
  ],
  // What lies in /usr/local/bin may be anybody's; these are the programs behind the links there.
  sentinelctl: [
    '/opt/sentinelone/bin/sentinelctl',
    '/Library/Sentinel/sentinel-agent.bundle/Contents/MacOS/sentinelctl',
    'C:\\Program Files\\SentinelOne\\Sentinel Agent *\\SentinelCtl.exe',
  ],
  huntress: ['/Applications/Huntress.app/Contents/MacOS/Huntress'],
  dmsetup: ['/usr/sbin/dmsetup', '/sbin/dmsetup'],
  cryptsetup: ['/usr/sbin/cryptsetup', '/sbin/cryptsetup'],
  lsblk: ['/usr/bin/lsblk', '/bin/lsblk'],
  fscrypt: ['/usr/bin/fscrypt', '/usr/sbin/fscrypt'],
  veracrypt: ['/usr/bin/veracrypt'],
  'sedutil-cli': ['/usr/sbin/sedutil-cli', '/usr/bin/sedutil-cli', '/sbin/sedutil-cli'],
  zfs: ['/usr/sbin/zfs', '/sbin/zfs', '/usr/bin/zfs'],
  zpool: ['/usr/sbin/zpool', '/sbin/zpool', '/usr/bin/zpool'],
  nft: ['/usr/sbin/nft', '/sbin/nft'],
  iptables: ['/usr/sbin/iptables', '/sbin/iptables'],
  'firewall-cmd': ['/usr/bin/firewall-cmd'],
  ufw: ['/usr/sbin/ufw'],
  gsettings: ['/usr/bin/gsettings'],
  systemctl: ['/usr/bin/systemctl', '/bin/systemctl'],
  // macOS
  systemextensionsctl: ['/usr/bin/systemextensionsctl'],
  ps: ['/bin/ps'],
  plutil: ['/usr/bin/plutil'],
  socketfilterfw: ['/usr/libexec/ApplicationFirewall/socketfilterfw'],
  sysadminctl: ['/usr/sbin/sysadminctl'],
  defaults: ['/usr/bin/defaults'],
  pmset: ['/usr/bin/pmset'],
  stat: ['/usr/bin/stat'],
  id: ['/usr/bin/id'],
  system_profiler: ['/usr/sbin/system_profiler'],
  fdesetup: ['/usr/bin/fdesetup'],
  diskutil: ['/usr/sbin/diskutil'],
  // Windows
  'manage-bde': ['C:\\Windows\\System32\\manage-bde.exe'],
  sc: ['C:\\Windows\\System32\\sc.exe'],
  netsh: ['C:\\Windows\\System32\\netsh.exe'],
} as const satisfies Record<string, readonly string[]>

/** `powershell` takes a question of `windows/questions.ts` in place of arguments, and nothing else. */
export type ProgramName = keyof typeof PROGRAMS | 'powershell'
