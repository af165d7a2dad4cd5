import { readIsActive, readIsEnabled, readUnits } from '../../../agent/probes/systemctl.ts'
import type { Fact } from '../../../shared/fact.ts'
import type { Capture } from '../capture.ts'
import type { Concluded, Conclusion } from '../conclusion.ts'
import { concluded, onLinux, type CorpusReader, type NotStarted } from '../reader.ts'
import { unitsIn } from '../units.ts'

/** As the agent has it where the rules cannot be seen: firewalld that runs filters, and of others nothing follows. */
function withFirewall(services: readonly { name: string; running?: boolean | null }[]): Conclusion {
  const isOn = services.some(({ name, running }) => name === 'firewalld.service' && running === true)
  return { services, ...(isOn && { firewall: { enabled: true } }) }
}

/** One flag for each unit that was asked for. */
function flags(
  { text, args }: Capture,
  read: (stdout: string, units: number) => Fact<readonly (boolean | null)[]>,
  key: 'running' | 'enabled',
): Concluded {
  const units = unitsIn(args)
  return concluded(read(text, units.length), (told) =>
    withFirewall(units.map((name, at) => ({ name, [key]: told[at] ?? null }))),
  )
}

export const readers: readonly CorpusReader[] = [
  {
    of: onLinux(/^systemctl$/, /^(?:-\S+\s+)*show\b/),
    read: ({ text, args }) =>
      concluded(readUnits(text, unitsIn(args)), (units) =>
        withFirewall(
          units.flatMap(({ names, isRunning, isEnabled }) =>
            names.map((name) => ({ name, running: isRunning, enabled: isEnabled })),
          ),
        ),
      ),
  },
  {
    of: onLinux(/^systemctl$/, /^(?:-\S+\s+)*is-active\b/),
    read: (capture) => flags(capture, readIsActive, 'running'),
  },
  {
    of: onLinux(/^systemctl$/, /^(?:-\S+\s+)*is-enabled\b/),
    read: (capture) => flags(capture, readIsEnabled, 'enabled'),
  },
]

export const notStarted: readonly NotStarted[] = [
  { of: onLinux(/^systemctl$/, /\bstatus\b/), instead: 'control groups, or systemctl show: status is for people' },
  {
    of: onLinux(/^systemctl$/, /\blist-|--failed/),
    instead: 'control groups, or systemctl show: a list of all units stops a slow manager for minutes',
  },
  { of: onLinux(/^(?:ps|top|pgrep|pidof)$/), instead: 'control groups: whoever wants can give a process any name' },
  {
    of: onLinux(/^(?:service|rc-status|rc-service|chkconfig|initctl)$/),
    instead: 'control groups of systemd; without it nothing',
  },
]
