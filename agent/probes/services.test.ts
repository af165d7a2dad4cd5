import { expect, test } from 'vitest'
import { unreadable } from '../../shared/fact.ts'
import { laptop, type Laptop } from '../../test/fakes/laptop.ts'
import { askRunning } from './services.ts'

const SHOW =
  'systemctl show a.service b.service --property=Id,Names,LoadState,ActiveState,SubState,UnitFileState --no-pager'
const unit = (name: string, load: string, active: string) => `Id=${name}\nLoadState=${load}\nActiveState=${active}\n`
const GONE = unit('b.service', 'not-found', 'inactive')

const cases: readonly { name: string; running: boolean | null; programs: Laptop['programs'] }[] = [
  {
    name: 'one runs',
    running: true,
    programs: { [SHOW]: { stdout: `${GONE}\n${unit('a.service', 'loaded', 'active')}` } },
  },
  {
    name: 'none runs',
    running: false,
    programs: { [SHOW]: { stdout: `${GONE}\n${unit('a.service', 'loaded', 'failed')}` } },
  },
  {
    name: 'one is on its way',
    running: null,
    programs: { [SHOW]: { stdout: `${GONE}\n${unit('a.service', 'loaded', 'activating')}` } },
  },
  {
    name: 'the manager does not answer',
    running: null,
    programs: { [SHOW]: { exitCode: 1, stderr: 'Connection timed out' } },
  },
  { name: 'no manager', running: null, programs: { [SHOW]: { stderr: 'Running in chroot, ignoring command' } } },
  { name: 'no systemd', running: null, programs: {} },
]

for (const { name, running, programs } of cases) {
  test(`services that cannot be seen: ${name}: ${running}`, async () => {
    const unseen = unreadable('no control groups')
    const fact = await askRunning(laptop({ files: {}, programs: programs ?? {} }), ['a.service', 'b.service'], unseen)
    expect(fact).toEqual(running === null ? unseen : { kind: 'value', value: running })
  })
}
