import { kernelOf, linuxOs } from '../../../agent/probes/os/linux.ts'
import { parseOsRelease, type OsRelease } from '../../../agent/probes/os/os-release.ts'
import { RELEASE_FILES, readLsbRelease, readReleaseLine } from '../../../agent/probes/os/release-files.ts'
import type { Capture } from '../capture.ts'
import type { Concluded } from '../conclusion.ts'
import { concluded, onLinux, type CorpusReader, type NotStarted } from '../reader.ts'

function osOf(release: OsRelease | null): Concluded {
  if (!release) return { unreadable: 'it names no system' }
  return concluded(linuxOs(release, {}), (os) => ({
    os: { ...os, version: os.version || null, build: os.build || null, displayVersion: release.get('VERSION') },
  }))
}

function releaseFile({ args, text }: Capture): Concluded {
  const [, read] = RELEASE_FILES.find(([path]) => path === args) ?? []
  return osOf(read ? read(text) : readReleaseLine(text))
}

/** What `uname` prints of the release: it stands behind the name of the kernel and that of the machine, where asked for. */
function uname({ args, text }: Capture): Concluded {
  const asks = (letter: string, ...words: string[]) =>
    args.split(/\s+/).some((word) => (word.startsWith('--') ? words.includes(word) : word.includes(letter)))
  const isAll = asks('a', '--all')
  if (!isAll && !asks('r', '--kernel-release')) return { os: {} }
  const before = [isAll || asks('s', '--kernel-name'), isAll || asks('n', '--nodename')].filter(Boolean).length
  const kernel = kernelOf(text.trim().split(/\s+/)[before] ?? '')
  return kernel === undefined ? { unreadable: 'this is no kernel' } : { os: { platform: 'linux', kernel } }
}

/** Those of the agent's list, and those of systems that all have os-release too, in the same form. */
const RELEASE_PATHS = /^\/etc\/(?:[\w-]+[-_](?:release|version)|linuxmint\/info)$/

export const readers: readonly CorpusReader[] = [
  { of: onLinux(/^file$/, /^\/(?:etc|usr\/lib)\/os-release$/), read: ({ text }) => osOf(parseOsRelease(text)) },
  { of: onLinux(/^file$/, RELEASE_PATHS), read: releaseFile },
  {
    of: onLinux(/^lsb_release$/),
    read: ({ text, exitCode }) =>
      (exitCode ?? 0) === 0 ? osOf(readLsbRelease(text)) : { unreadable: `it ended with ${exitCode}` },
  },
  // The agent reads what uname prints from /proc/sys/kernel/osrelease.
  { of: onLinux(/^uname$/), read: uname },
  {
    of: onLinux(/^file$/, /^\/proc\/sys\/kernel\/osrelease$/),
    read: ({ text }) => uname({ args: '-r', text } as Capture),
  },
]

export const notStarted: readonly NotStarted[] = [
  {
    of: onLinux(/^hostnamectl$/),
    instead: 'os-release and files of the kernel: hostnamectl waits for D-Bus, which can hang',
  },
  { of: onLinux(/^file$/, /^\/proc\/(?:version|cmdline)/), instead: '/proc/sys/kernel/osrelease' },
  { of: onLinux(/^sysctl$/, /kernel\.osrelease/), instead: '/proc/sys/kernel/osrelease' },
  {
    of: onLinux(/^(?:file|ls)$/, /^(?:-\S+\s+)*\/(?:etc\/issue|lib\/modules)/),
    instead: 'os-release, and the kernel of each folder of /lib/modules',
  },
  {
    of: onLinux(/^file$/, /^\/sys\/kernel\/security\//),
    instead: 'the variables of the firmware: what the kernel locks follows from them',
  },
  { of: onLinux(/^(?:fwupdmgr|fwupdagent)$/), instead: 'nothing: firmware is no signal' },
]
