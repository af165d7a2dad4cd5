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
  falconctl: [
    '/opt/CrowdStrike/falconctl',
    '/Applications/Falcon.app/Contents/Resources/falconctl',
    '/Library/CS/falconctl',
  ],
  mdatp: [
    '/usr/bin/mdatp',
    '/opt/microsoft/mdatp/sbin/wdavdaemonclient',
    '/Applications/Microsoft Defender.app/Contents/Resources/Tools/mdatp',
    '/Applications/Microsoft Defender.app/Contents/Resources/Tools/wdavdaemonclient',
  ],
  // What lies in /usr/local/bin may be anybody's; these are the programs behind the links there.
  sentinelctl: [
    '/opt/sentinelone/bin/sentinelctl',
    '/Library/Sentinel/sentinel-agent.bundle/Contents/MacOS/sentinelctl',
    'C:\\Program Files\\SentinelOne\\Sentinel Agent *\\SentinelCtl.exe',
  ],
  huntress: ['/Applications/Huntress.app/Contents/MacOS/Huntress'],
  repcli: [
    '/opt/carbonblack/psc/bin/repcli',
    '/Applications/VMware Carbon Black Cloud/repcli.bundle/Contents/MacOS/repcli',
    'C:\\Program Files\\Confer\\RepCLI.exe',
  ],
  cytool: [
    '/opt/traps/bin/cytool',
    '/Library/Application Support/PaloAltoNetworks/Traps/bin/cytool',
    'C:\\Program Files\\Palo Alto Networks\\Traps\\cytool.exe',
  ],
  'elastic-agent': [
    '/opt/Elastic/Agent/elastic-agent',
    '/usr/share/elastic-agent/bin/elastic-agent',
    '/Library/Elastic/Agent/elastic-agent',
    'C:\\Program Files\\Elastic\\Agent\\elastic-agent.exe',
  ],
  'wazuh-control': ['/var/ossec/bin/wazuh-control', '/Library/Ossec/bin/wazuh-control'],
  'eset-upd': [
    '/opt/eset/eea/bin/upd',
    '/Applications/ESET Endpoint Security.app/Contents/MacOS/upd',
    '/Applications/ESET Endpoint Antivirus.app/Contents/MacOS/upd',
  ],
  'eset-lic': [
    '/opt/eset/eea/sbin/lic',
    '/Applications/ESET Endpoint Security.app/Contents/MacOS/lic',
    '/Applications/ESET Endpoint Antivirus.app/Contents/MacOS/lic',
  ],
  dsa_query: ['/opt/ds_agent/dsa_query'],
  bduitool: ['/opt/bitdefender-security-tools/bin/bduitool'],
  clamscan: ['/usr/bin/clamscan'],
  protectctl: ['/Applications/JamfProtect.app/Contents/MacOS/JamfProtect'],
  xprotect: ['/usr/bin/xprotect'],
  dmsetup: ['/usr/sbin/dmsetup', '/sbin/dmsetup'],
  cryptsetup: ['/usr/sbin/cryptsetup', '/sbin/cryptsetup'],
  lsblk: ['/usr/bin/lsblk', '/bin/lsblk'],
  fscrypt: ['/usr/bin/fscrypt', '/usr/sbin/fscrypt'],
  veracrypt: ['/usr/bin/veracrypt'],
  bcachefs: ['/usr/sbin/bcachefs', '/usr/bin/bcachefs', '/sbin/bcachefs'],
  'sedutil-cli': ['/usr/sbin/sedutil-cli', '/usr/bin/sedutil-cli', '/sbin/sedutil-cli'],
  zfs: ['/usr/sbin/zfs', '/sbin/zfs', '/usr/bin/zfs'],
  zpool: ['/usr/sbin/zpool', '/sbin/zpool', '/usr/bin/zpool'],
  nft: ['/usr/sbin/nft', '/sbin/nft'],
  iptables: ['/usr/sbin/iptables', '/sbin/iptables'],
  ip6tables: ['/usr/sbin/ip6tables', '/sbin/ip6tables'],
  'iptables-legacy': ['/usr/sbin/iptables-legacy', '/sbin/iptables-legacy'],
  'ip6tables-legacy': ['/usr/sbin/ip6tables-legacy', '/sbin/ip6tables-legacy'],
  'firewall-cmd': ['/usr/bin/firewall-cmd'],
  ufw: ['/usr/sbin/ufw'],
  gsettings: ['/usr/bin/gsettings'],
  mokutil: ['/usr/bin/mokutil'],
  bootctl: ['/usr/bin/bootctl'],
  dmesg: ['/usr/bin/dmesg', '/bin/dmesg'],
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
  nvram: ['/usr/sbin/nvram'],
  fdesetup: ['/usr/bin/fdesetup'],
  diskutil: ['/usr/sbin/diskutil'],
  sw_vers: ['/usr/bin/sw_vers'],
  sysctl: ['/usr/sbin/sysctl'],
  softwareupdate: ['/usr/sbin/softwareupdate'],
  ioreg: ['/usr/sbin/ioreg'],
  scutil: ['/usr/sbin/scutil'],
  // Windows
  'manage-bde': ['C:\\Windows\\System32\\manage-bde.exe'],
  sc: ['C:\\Windows\\System32\\sc.exe'],
  // Only for `ver`, which is none of its own.
  cmd: ['C:\\Windows\\System32\\cmd.exe'],
  netsh: ['C:\\Windows\\System32\\netsh.exe'],
} as const satisfies Record<string, readonly string[]>

/**
 * `powershell` takes a question of `windows/questions.ts` in place of arguments, and nothing else; `systeminformation` is
 * the package of that name in a process of its own (`inventory-child.ts`).
 */
export type ProgramName = keyof typeof PROGRAMS | 'powershell' | 'systeminformation'

/**
 * Where a program may lie on one system. A path of another one is not absolute there: Windows takes `/opt/x` for a folder
 * of the drive, in which every user may make one.
 */
export function placesOn(platform: NodeJS.Platform, program: ProgramName): string[] {
  return placesOf(program).filter((path) => path.startsWith('/') !== (platform === 'win32'))
}

/** Where a program may lie on any system; nowhere where it is none of the machine's own. */
export function placesOf(program: ProgramName): readonly string[] {
  return program === 'powershell' || program === 'systeminformation' ? [] : PROGRAMS[program]
}
