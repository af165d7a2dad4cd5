import { expect, test } from 'vitest'
import { laptop } from '../../../test/fakes/laptop.ts'
import { endpointProtection } from './probe.ts'
import { readStatus } from '../services.ts'

const { probe: readEndpointProtection, fingerprint } = endpointProtection()
const GROUPS = '/sys/fs/cgroup'
const SYSTEMD = { [`${GROUPS}/cgroup.procs`]: '1\n', [`${GROUPS}/system.slice/cgroup.procs`]: '' }
const FALCON = { '/opt/CrowdStrike/falconctl': '', '/usr/lib/systemd/system/falcon-sensor.service': '[Unit]\n' }
const ASK = 'falconctl -g --aid --rfm-state --version'
const GOOD = `aid="d2f01c7be04a4c6f9d0b3a55e8817f24", rfm-state=false, version = 7.18.17106.0\n`

const status = (name: string, state = 'S (sleeping)') =>
  `Name:\t${name}\nUmask:\t0022\nState:\t${state}\nUid:\t0\t0\t0\t0\n`
const running = (unit: string, pid: number, name: string, slice = 'system.slice') => ({
  [`${GROUPS}/${slice}/${unit}/cgroup.procs`]: `${pid}\n`,
  [`/proc/${pid}/status`]: status(name),
})
const SENSOR = running('falcon-sensor.service', 700, 'falcon-sensor-b')

type Case = {
  name: string
  files: Record<string, string>
  says?: string
  privileged?: boolean
  denied?: string[]
  state: string | undefined
}

const cases: readonly Case[] = [
  { name: 'running and registered', files: { ...SYSTEMD, ...FALCON, ...SENSOR }, says: GOOD, state: 'healthy' },
  { name: 'stopped, whatever falconctl says', files: { ...SYSTEMD, ...FALCON }, says: GOOD, state: 'off' },
  {
    name: 'without root',
    files: { ...SYSTEMD, ...FALCON, ...SENSOR },
    says: GOOD,
    privileged: false,
    state: 'unknown',
  },
  { name: 'without root, stopped', files: { ...SYSTEMD, ...FALCON }, privileged: false, state: 'off' },
  {
    name: 'the folder is closed to users',
    files: { ...SYSTEMD, ...FALCON, ...SENSOR },
    denied: ['/opt/CrowdStrike'],
    privileged: false,
    state: 'unknown',
  },
  { name: 'falconctl does not answer', files: { ...SYSTEMD, ...FALCON, ...SENSOR }, state: 'unknown' },
  { name: 'no systemd', files: FALCON, says: GOOD, state: 'unknown' },
  {
    name: 'in a slice of the admin',
    files: { ...SYSTEMD, ...FALCON, ...running('falcon-sensor.service', 700, 'falcon-sensor', 'edr.slice') },
    says: GOOD,
    state: 'healthy',
  },
  {
    name: "a user's process with the right name, in a group with the right name, below their own slice",
    files: { ...SYSTEMD, ...FALCON, ...running('falcon-sensor.service', 900, 'falcon-sensor', 'user.slice') },
    says: GOOD,
    state: 'off',
  },
  {
    name: 'a process with the right name outside of the service',
    files: { ...SYSTEMD, ...FALCON, '/proc/900/status': status('falcon-sensor'), '/proc/900/comm': 'falcon-sensor\n' },
    says: GOOD,
    state: 'off',
  },
  {
    name: 'the service has only its starter left',
    files: { ...SYSTEMD, ...FALCON, ...running('falcon-sensor.service', 700, 'falcond') },
    says: GOOD,
    state: 'unknown',
  },
  {
    name: 'frozen by a signal',
    files: { ...SYSTEMD, ...FALCON, ...SENSOR, '/proc/700/status': status('falcon-sensor', 'T (stopped)') },
    says: GOOD,
    state: 'off',
  },
  {
    name: 'in a group below the service',
    files: {
      ...SYSTEMD,
      ...FALCON,
      [`${GROUPS}/system.slice/falcon-sensor.service/cgroup.procs`]: '',
      [`${GROUPS}/system.slice/falcon-sensor.service/sensor/cgroup.procs`]: '700\n',
      '/proc/700/status': status('falcon-sensor'),
    },
    says: GOOD,
    state: 'healthy',
  },
  {
    name: 'the older control groups',
    files: {
      '/sys/fs/cgroup/systemd/system.slice/falcon-sensor.service/cgroup.procs': '700\n',
      '/proc/700/status': status('falcon-sensor'),
      ...FALCON,
    },
    says: GOOD,
    state: 'healthy',
  },
  {
    name: 'what an uninstallation left behind',
    files: { ...SYSTEMD, '/opt/CrowdStrike/falconstore': 'x' },
    state: undefined,
  },
]

for (const { name, files, says, privileged = true, denied = [], state } of cases) {
  test(`linux: ${name}`, async () => {
    const programs = says === undefined ? {} : { [ASK]: { stdout: says } }
    const reading = await readEndpointProtection(laptop({ files, programs, privileged, denied }))
    expect(reading.kind).toBe('value')
    const products = reading.kind === 'value' ? reading.value.products : []
    expect(products.map((product) => product.state)).toEqual(state === undefined ? [] : [state])
  })
}

test('nothing is installed only where every place could be looked at', async () => {
  expect(await readEndpointProtection(laptop({ files: SYSTEMD }))).toMatchObject({
    kind: 'value',
    value: { products: [] },
  })
  const closed = laptop({ files: SYSTEMD, denied: ['/opt/CrowdStrike'], privileged: false })
  expect((await readEndpointProtection(closed)).kind).toBe('unreadable')
})

test('an answer with an error code is no answer', async () => {
  const host = laptop({
    files: { ...SYSTEMD, ...FALCON, ...SENSOR },
    programs: { [ASK]: { stdout: GOOD, exitCode: 1 } },
  })
  const reading = await readEndpointProtection(host)
  expect(reading).toMatchObject({
    value: { products: [{ state: 'unknown', reasons: ['running, protection unverified', 'falconctl ended with 1'] }] },
  })
})

test('a user is not asked for what only root may know, and Defender answers users too', async () => {
  const host = laptop({
    files: {
      ...SYSTEMD,
      ...FALCON,
      ...SENSOR,
      '/opt/microsoft/mdatp/sbin/wdavdaemon': '',
      ...running('mdatp.service', 800, 'wdavdaemon'),
    },
    privileged: false,
  })
  await readEndpointProtection(host)
  expect(host.ran).toEqual(['mdatp health --output json'])
})

test('the watch tells a stop and a start, and starts nothing', async () => {
  const on = laptop({ files: { ...SYSTEMD, ...SENSOR } })
  const off = laptop({ files: SYSTEMD })
  const [before, after, again] = [await fingerprint(on), await fingerprint(off), await fingerprint(on)]
  expect(before).not.toBe(after)
  expect(again).toBe(before)
  expect(on.ran).toEqual([])
})

test('a process lives in some states only', () => {
  expect(['R', 'S', 'D', 'I', 'T', 't', 'Z', 'X', ''].map((state) => readStatus(status('x', state)).isAlive)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ])
  expect(readStatus('')).toEqual({ name: '', isAlive: false })
})
