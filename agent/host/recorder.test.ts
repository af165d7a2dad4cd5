import { expect, test } from 'vitest'
import { laptop, NOW } from '../../test/fakes/laptop.ts'
import { unread } from './host.ts'
import { parseRecording, recordedHost } from './recorded.ts'
import { recorderOf } from './recorder.ts'

const FILES = { '/etc/os-release': 'ID=debian\n', '/etc/conf.d/a': 'x', '/var/lib/large': 'y'.repeat(10) }
const REGISTRY = { 'HKLM\\SOFTWARE\\Example': { UBR: 4652, Edition: 'Core' } }

test('what is asked of a recording is answered as the machine answered', async () => {
  const machine = laptop({
    files: FILES,
    registry: REGISTRY,
    programs: { 'zfs list': { stdout: 'rpool\n', stderr: 'hm', exitCode: 1 } },
    denied: ['/root'],
  })
  const recorder = recorderOf(machine)
  const ask = (host: typeof machine | ReturnType<typeof recordedHost>) =>
    Promise.all([
      host.run('zfs', ['list']),
      host.readFile('/etc/os-release'),
      host.readFile('/etc/missing'),
      host.readDirectory('/etc/conf.d'),
      host.readDirectory('/etc/missing.d'),
      host.stat('/var/lib/large'),
      host.stat('/etc/conf.d'),
      host.readRegistry('HKLM\\SOFTWARE\\Example'),
      host.readRegistry('HKLM\\SOFTWARE\\Other'),
    ])
  const answered = await ask({ ...machine, ...recorder.host.forReading() })
  const again = await ask(recordedHost(parseRecording(JSON.stringify(recorder.recording()))))
  const comparable = (answers: typeof answered) =>
    answers.map((it) => (it.ok ? { ...it, bytes: 0 } : { ok: false, reason: it.reason }))
  expect(comparable(again)).toEqual(comparable(answered))
  expect(recorder.recording()).toMatchObject({ version: 1, platform: 'linux', recordedAt: NOW, privileged: true })
})

test('a file of which only the time was asked keeps its content for itself', async () => {
  const recorder = recorderOf(laptop({ files: FILES }))
  await recorder.host.stat('/var/lib/large')
  const host = recordedHost(recorder.recording())
  expect(await host.readFile('/var/lib/large')).toMatchObject({ ok: false, reason: 'not-recorded' })
  expect(JSON.stringify(recorder.recording())).not.toContain('yyy')
})

test('a file that was read, and then its time asked, or the other way round, has both', async () => {
  for (const order of [
    ['read', 'stat'],
    ['stat', 'read'],
  ]) {
    const recorder = recorderOf(laptop({ files: FILES }))
    for (const what of order) {
      if (what === 'read') await recorder.host.readFile('/etc/os-release')
      else await recorder.host.stat('/etc/os-release')
    }
    const host = recordedHost(recorder.recording())
    expect(await host.readFile('/etc/os-release')).toEqual({ ok: true, text: 'ID=debian\n' })
    expect(await host.stat('/etc/os-release')).toMatchObject({ ok: true })
  }
})

test('a program that is not installed is missing, one that was not asked is not recorded', async () => {
  const recorder = recorderOf(laptop({ files: {} }))
  await recorder.host.run('mdatp', ['health'])
  const host = recordedHost(recorder.recording())
  expect(await host.run('mdatp', ['health'])).toMatchObject({ ok: false, reason: 'missing' })
  expect(await host.run('zfs', ['list'])).toMatchObject({ ok: false, reason: 'not-recorded' })
})

test('what timed out or was denied is not in the recording', async () => {
  const machine = { ...laptop({ files: {}, denied: ['/root'] }), run: async () => unread('timed-out', 'slow') }
  const recorder = recorderOf(machine)
  await recorder.host.run('zfs', ['list'])
  await recorder.host.readFile('/root/x')
  expect(recorder.recording().entries).toEqual([])
})
