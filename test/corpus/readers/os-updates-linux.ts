import { allOf, type Listing } from '../../../agent/probes/os-updates/answer.ts'
import { readApkList } from '../../../agent/probes/os-updates/apk-list.ts'
import { readAptCheck } from '../../../agent/probes/os-updates/apt-check.ts'
import {
  isRefreshed,
  readAptConfig,
  readAptConfigDump,
  type AptConfig,
} from '../../../agent/probes/os-updates/apt-config.ts'
import { readAptList } from '../../../agent/probes/os-updates/apt-list.ts'
import { parseRelease } from '../../../agent/probes/os-updates/apt-lists.ts'
import { readSimulation } from '../../../agent/probes/os-updates/apt-simulation.ts'
import { readOnlineUpdate, readOstreePolicy } from '../../../agent/probes/os-updates/automatic.ts'
import { readAdvisories, readAdvisoryTable, readUpdateinfo } from '../../../agent/probes/os-updates/dnf-advisories.ts'
import { readCheckUpdate } from '../../../agent/probes/os-updates/dnf-check-update.ts'
import { readNeedrestart } from '../../../agent/probes/os-updates/needrestart.ts'
import { readNeedsRestarting } from '../../../agent/probes/os-updates/needs-restarting.ts'
import { readOstreeStatus } from '../../../agent/probes/os-updates/ostree-status.ts'
import { readPacman } from '../../../agent/probes/os-updates/pacman-list.ts'
import { RESTART_FLAGS } from '../../../agent/probes/os-updates/reboot.ts'
import { readPro } from '../../../agent/probes/os-updates/ubuntu-pro.ts'
import { readZypperList } from '../../../agent/probes/os-updates/zypper-list.ts'
import type { Fact } from '../../../shared/fact.ts'
import type { Capture } from '../capture.ts'
import type { Concluded } from '../conclusion.ts'
import { concluded, onLinux, type CorpusReader, type NotStarted } from '../reader.ts'

/** A program that ended with anything else than these told the agent nothing, whatever it printed. */
function whereWell(codes: readonly number[], read: (capture: Capture) => Concluded): CorpusReader['read'] {
  return (capture) =>
    capture.exitCode === null || codes.includes(capture.exitCode)
      ? read(capture)
      : { unreadable: `it ended with ${capture.exitCode}` }
}

/** Names without the architecture that the agent counts a package with. */
const names = (packages: Iterable<string>): string[] => [...packages].map((name) => name.replace(/[.:]\w+$/, ''))

function aptGet({ text }: Capture): Concluded {
  const found = readSimulation(text)
  if (!found) return { unreadable: 'apt-get -s did not come to an end' }
  const { security, upgrades, keptBack, isNonePending } = found
  return {
    updates: {
      pendingSecurity: security.size || (isNonePending ? 0 : null),
      pending: upgrades.size + (keptBack ?? 0),
      names: names(upgrades),
    },
  }
}

/** Lists without a security class: that no security update is missing follows only where nothing is. */
function withoutClass(fact: Fact<ReadonlySet<string>>): Concluded {
  return concluded(fact, (found) => ({
    updates: { pendingSecurity: found.size === 0 ? 0 : null, pending: found.size, names: [...found] },
  }))
}

function listing(fact: Fact<Listing>, isSecurityToldByNone: boolean, isWhole = true): Concluded {
  return concluded(fact, ({ pending, security }) => {
    const isTold = security !== null && (security.size > 0 || isSecurityToldByNone || pending.size === 0)
    const pendingSecurity = isTold ? security.size : null
    return { updates: { pendingSecurity, pending: isWhole ? pending.size : null, names: names(pending) } }
  })
}

function aptConfig(config: AptConfig | null, isWhole: boolean): Concluded {
  if (!config) return { unreadable: 'this is no configuration of apt' }
  const isTold = isWhole || [...config.keys()].some((key) => key.startsWith('apt::periodic::'))
  return { updates: { automatic: isTold ? isRefreshed(config) : null } }
}

function aptConfigFile({ text }: Capture): Concluded {
  const config: AptConfig = new Map()
  return aptConfig(readAptConfig(text, config) ? config : null, false)
}

function advisories({ text, args }: Capture): Concluded {
  const isJson = /--json/.test(args) || text.trimStart().startsWith('[')
  const found = isJson
    ? readAdvisories(text)
    : /^Name\s+Type\s/m.test(text)
      ? readAdvisoryTable(text)
      : readUpdateinfo(text)
  if (!found) return { unreadable: 'these are no advisories' }
  const { security, others } = found
  // Nothing printed is no answer; an empty list is one, and so are advisories of other kinds, or that it looked.
  if (text.trim() === '') return { unreadable: 'no advisory is listed' }
  const pendingSecurity = security.size
  return { updates: { pendingSecurity, names: names([...security, ...others]) } }
}

function checkUpdate({ text, args, exitCode }: Capture): Concluded {
  const found = readCheckUpdate(text)
  if (!found) return { unreadable: 'this is no list of updates' }
  if (/--sec-?severity\b|--security\b/.test(args)) {
    const pendingSecurity = found.size > 0 || exitCode === 0 ? found.size : null
    return { updates: { pendingSecurity, names: names(found) } }
  }
  if (found.size > 0) return { updates: { pending: found.size, pendingSecurity: null, names: names(found) } }
  // Rows and exit code have to say the same.
  return exitCode === 0 ? { updates: { pending: 0, pendingSecurity: 0 } } : { unreadable: 'nothing is listed' }
}

const restart = ({ text, exitCode }: Capture): Concluded =>
  concluded(readNeedsRestarting(text, exitCode), (rebootRequired) => ({ updates: { rebootRequired } }))

const XML = String.raw`(?:^|\s)(?:--xmlout|-x)\b`

const isFlag = (path: string): boolean =>
  Object.values(RESTART_FLAGS).some((flags) => flags.some((flag) => flag === path))

export const readers: readonly CorpusReader[] = [
  { of: onLinux(/^apt-get$/, /\b(?:dist-|full-)?upgrade\b/), read: whereWell([0], aptGet) },
  { of: onLinux(/^apt$/, /\bupgrade\b/), read: whereWell([0], aptGet) },
  { of: onLinux(/^apt$/, /\blist\b.*--upgrad/), read: whereWell([0], ({ text }) => listing(readAptList(text), false)) },
  {
    of: onLinux(/^apt-check$/),
    read: whereWell([0], ({ text }) => concluded(readAptCheck(text), (updates) => ({ updates }))),
  },
  {
    of: onLinux(/^file$/, /^\/var\/lib\/update-notifier\/updates-available$/),
    read: ({ text }) => concluded(readAptCheck(text), (updates) => ({ updates })),
  },
  {
    of: onLinux(/^(?:pro|ua|ubuntu-advantage)$/),
    read: whereWell([0], ({ text }) => concluded(readPro(text), (updates) => ({ updates }))),
  },
  {
    of: onLinux(/^apt-config$/, /^dump\b/),
    read: whereWell([0], ({ text, args }) => aptConfig(readAptConfigDump(text), args === 'dump')),
  },
  { of: onLinux(/^file$/, /^\/etc\/apt\/apt\.conf/), read: aptConfigFile },
  {
    of: onLinux(/^file$/, /^\/var\/lib\/apt\/lists\/.*Release$/),
    // When the archive was published is a bound for when the machine can have looked, and no such time itself.
    read: ({ text }) => (parseRelease(text) ? { updates: {} } : { unreadable: 'this is no release file' }),
  },
  {
    of: onLinux(
      /^(?:dnf[45]?|yum)$/,
      /\b(?:updateinfo|advisory)\b(?!.*(?:--?installed\b|\binfo\b|\bsummary\b| installed\b)).*\blist\b|\blist-sec(?:urity)?\b/,
    ),
    read: whereWell([0], advisories),
  },
  {
    of: onLinux(/^(?:dnf[45]?|yum)$/, /\bcheck-?(?:update|upgrade)\b|\blist\s+(?:--)?(?:updates|upgrades)\b/),
    read: whereWell([0, 100], checkUpdate),
  },
  {
    of: onLinux(/^zypper$/, new RegExp(`${XML}.*(?:\\b(?:list-patches|lp|list-updates|lu)\\b)`)),
    read: whereWell([0, 100, 101, 102, 103], ({ text, args }) =>
      // Of one category alone, the others are not told.
      listing(readZypperList(text), true, !/\s(?:--category|--severity|-g)\b/.test(args)),
    ),
  },
  {
    of: onLinux(/^pacman$/, /^-\w*Q\w*u/),
    read: ({ text, exitCode }) => withoutClass(readPacman(exitCode ?? 0, text)),
  },
  { of: onLinux(/^checkupdates$/), read: ({ text, exitCode }) => withoutClass(readPacman(exitCode ?? 0, text, 2)) },
  { of: onLinux(/^apk$/, /\b(?:version|list)\b/), read: whereWell([0], ({ text }) => withoutClass(readApkList(text))) },
  {
    of: onLinux(/^rpm-ostree$/, /\bstatus\b.*--json\b|--json\b.*\bstatus\b/),
    read: whereWell([0], ({ text, args }) =>
      concluded(readOstreeStatus(text), ({ update, rebootRequired }) => ({
        updates: {
          pendingSecurity: update?.security?.size ?? null,
          pending: update?.pending?.size ?? null,
          names: [...(update?.pending ?? []), ...(update?.security ?? [])],
          // Those that wait for a restart are left out where the one that was started is asked for alone.
          rebootRequired: /(?:^|\s)(?:-b|--booted)\b/.test(args) ? null : rebootRequired,
        },
      })),
    ),
  },
  {
    of: onLinux(/^file$/, /^\/etc\/rpm-ostreed\.conf$/),
    // Without its timer a policy does nothing.
    read: ({ text }) => {
      const policy = readOstreePolicy(text)
      return { updates: { automatic: allOf([policy && policy !== 'none', null]) } }
    },
  },
  {
    of: onLinux(/^file$/, /^\/etc\/sysconfig\/automatic_online_update$/),
    // Without it there may still be a timer.
    read: ({ text }) => ({ updates: { automatic: readOnlineUpdate(text) || null } }),
  },
  {
    of: onLinux(/^file$/, /reboot-(?:required|needed)/),
    read: whereWell([0], ({ args }) =>
      isFlag(args) ? { updates: { rebootRequired: true } } : { unreadable: 'the agent knows no such flag' },
    ),
  },
  { of: onLinux(/^needs-restarting$/), read: restart },
  { of: onLinux(/^(?:dnf[45]?|yum)$/, /\bneeds-restarting\b/), read: restart },
  { of: onLinux(/^zypper$/, /\bneeds-rebooting\b/), read: restart },
  {
    of: onLinux(/^needrestart$/),
    read: whereWell([0], ({ text }) =>
      concluded(readNeedrestart(text), ({ rebootRequired, kernel }) => ({
        os: { kernel },
        updates: { rebootRequired },
      })),
    ),
  },
]

export const notStarted: readonly NotStarted[] = [
  { of: onLinux(/^ls$/, /reboot-required/), instead: 'the agent looks for the files itself' },
  {
    of: onLinux(/^(?:snap|flatpak)$/),
    instead: 'applications in boxes of their own are not the system, and asking is over the network',
  },
  { of: onLinux(/^rpm-ostree$/), instead: 'rpm-ostree status --json' },
  { of: onLinux(/^zypper$/), instead: 'zypper --xmlout list-patches, and list-updates where there are no patches' },
  {
    of: onLinux(/^(?:dnf[45]?|yum)$/, /\b(?:updateinfo|advisory)\b/),
    instead: 'the list of advisories that are available: a sum counts advisories, and not what lacks them',
  },
  { of: onLinux(/^pacman$/), instead: 'pacman -Qu' },
  { of: onLinux(/^arch-audit$/), instead: 'nothing: it asks over the network' },
  { of: onLinux(/^apt$/), instead: 'apt list --upgradable, or the lists themselves' },
  { of: onLinux(/^apk$/), instead: "apk version -l '<'" },
  { of: onLinux(/^apt-config$/), instead: 'apt-config dump' },
  { of: onLinux(/^do-release-upgrade$/), instead: 'nothing: a newer release is no update of this one' },
  { of: onLinux(/^dpkg-query$/), instead: '/var/lib/dpkg/status, as dpkg-query reads it' },
  { of: onLinux(/^rpm$/, /\bkernel/), instead: 'the folders of /lib/modules, as each kernel has one' },
  {
    of: onLinux(/^(?:canonical-livepatch|kpatch)$/),
    instead: 'nothing: a kernel that is patched while it runs still owes its restart',
  },
  {
    of: onLinux(/^file$/, /(?:dnf\/automatic|yum-cron)\.conf$/),
    instead: 'the timers that start it: what it does with updates is not asked',
  },
  { of: onLinux(/^systemctl$/, /\btimer/), instead: 'the links in timers.target.wants' },
]
