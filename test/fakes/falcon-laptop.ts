import type { Host } from '../../agent/host/host.ts'
import { laptop } from './laptop.ts'

const GROUPS = '/sys/fs/cgroup'
const SENSOR = `${GROUPS}/system.slice/falcon-sensor.service/cgroup.procs`

/** What the probes find on a laptop with an encrypted disk and a healthy CrowdStrike Falcon. */
const FILES: Record<string, string> = {
  '/etc/os-release': 'ID=debian\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\n',
  '/proc/sys/kernel/osrelease': '6.12.48-amd64\n',
  '/proc/self/mountinfo': '30 1 254:0 / / rw,relatime shared:1 - ext4 /dev/mapper/root rw\n',
  '/proc/swaps': 'Filename\tType\tSize\tUsed\tPriority\n',
  '/proc/partitions': 'major minor  #blocks  name\n\n 259 0 500000000 nvme0n1\n 254 0 499000000 dm-0\n',
  '/sys/class/block/dm-0/slaves/nvme0n1/x': '',
  '/sys/class/block/dm-0/uevent': 'MAJOR=254\nMINOR=0\nDEVNAME=dm-0\nDEVTYPE=disk\n',
  '/sys/class/block/dm-0/dm/uuid': 'CRYPT-LUKS2-29abbee9af70419a88aedca2d7066538-root\n',
  '/sys/class/block/dm-0/dm/name': 'root\n',
  '/sys/class/block/dm-0/removable': '0\n',
  '/sys/class/block/nvme0n1/uevent': 'MAJOR=259\nMINOR=0\nDEVNAME=nvme0n1\nDEVTYPE=disk\n',
  '/sys/class/block/nvme0n1/removable': '0\n',
  [`${GROUPS}/cgroup.procs`]: '1\n',
  [`${GROUPS}/system.slice/cgroup.procs`]: '',
  [SENSOR]: '700\n',
  '/proc/700/status': 'Name:\tfalcon-sensor-b\nState:\tS (sleeping)\nUid:\t0\t0\t0\t0\n',
  '/opt/CrowdStrike/falconctl': '',
  '/usr/lib/systemd/system/falcon-sensor.service': '[Unit]\n',
}
const PROGRAMS = {
  'falconctl -g --aid --rfm-state --version': {
    stdout: 'aid="d2f01c7be04a4c6f9d0b3a55e8817f24", rfm-state=false, version = 7.18.17106.0\n',
  },
  'dmsetup table': { stdout: 'root: 0 998000000 crypt aes-xts-plain64 :64:logon:x 0 259:0 32768\n' },
}

export type FalconLaptop = {
  host: Host
  /** A test may change what a file says, or remove it. */
  files: Record<string, string>
  /** The sensor is stopped, and nobody has looked yet. */
  stopSensor(): void
  startSensor(): void
}

/** A laptop with an encrypted disk and a healthy CrowdStrike Falcon, for the probes to find out. */
export function falconLaptop(): FalconLaptop {
  const files = { ...FILES }
  const host = laptop({ files, folders: ['/sys/class/block/nvme0n1/slaves'], programs: PROGRAMS })
  return {
    host: { ...host, now: () => new Date() },
    files,
    stopSensor: () => void delete files[SENSOR],
    startSensor() {
      files[SENSOR] = FILES[SENSOR] ?? ''
    },
  }
}
