import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readNeedsRestarting } from './needs-restarting.ts'

const YUM =
  'Core libraries or services have been updated:\n  kernel -> 3.10.0-1160.el7\n\nReboot is required to ensure that your system benefits from these updates.\n'
const DNF =
  'Core libraries or services have been updated since boot-up:\n  * glibc\n  * kernel\n\nReboot is required to fully utilize these updates.\n'
const GERMAN =
  'Kernbibliotheken oder -dienste wurden seit dem Systemstart aktualisiert:\n  * glibc\n\nEin Neustart ist nötig.\n'
const ZYPPER =
  'Since the last system boot core libraries or services have been updated.\nReboot is suggested to ensure that your system benefits from these updates.\n'
const NO_YUM = 'No core libraries or services have been updated.\nReboot is probably not necessary.\n'
const NO_DNF = 'No core libraries or services have been updated since boot-up.\nReboot should not be necessary.\n'

const cases: readonly { name: string; stdout: string; exitCode: number | null; restart: boolean | null }[] = [
  { name: 'yum', stdout: YUM, exitCode: 1, restart: true },
  { name: 'dnf', stdout: DNF, exitCode: 1, restart: true },
  { name: 'dnf in German', stdout: GERMAN, exitCode: 1, restart: true },
  { name: 'zypper', stdout: ZYPPER, exitCode: 102, restart: true },
  { name: 'an exit code that nobody noted', stdout: DNF, exitCode: null, restart: true },
  { name: 'yum, none', stdout: NO_YUM, exitCode: 0, restart: false },
  { name: 'dnf, none', stdout: NO_DNF, exitCode: 0, restart: false },
  { name: 'none, line ends of Windows', stdout: NO_DNF.replaceAll('\n', '\r\n'), exitCode: null, restart: false },
  { name: 'text and exit code speak against each other', stdout: NO_DNF, exitCode: 1, restart: null },
  { name: 'and the other way round', stdout: DNF, exitCode: 0, restart: null },
  { name: 'no such plugin', stdout: 'No such command: needs-restarting.\n', exitCode: 1, restart: null },
  {
    name: 'the list of processes',
    stdout: '1 : /usr/lib/systemd/systemd\n712 : /usr/sbin/sshd\n',
    exitCode: 0,
    restart: null,
  },
  { name: 'nothing', stdout: '', exitCode: 0, restart: null },
  { name: 'an error', stdout: '', exitCode: 1, restart: null },
]

for (const { name, stdout, exitCode, restart } of cases) {
  test(`needs-restarting: ${name}: ${restart}`, () => {
    const said = readNeedsRestarting(stdout, exitCode)
    expect(said.kind === 'value' ? said.value : null).toBe(restart)
  })
}

test('damage never throws, and never makes a restart needless', () => {
  for (const text of [YUM, DNF, ZYPPER]) {
    for (const damaged of mutations(text, 10_000)) {
      const said = readNeedsRestarting(damaged, null)
      expect(said.kind === 'value' && !said.value).toBe(false)
    }
  }
})
