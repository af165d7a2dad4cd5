import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { programRunner } from './host/run.ts'
import { createSoftwareKey } from './identity/software.ts'
import { makePrivate, openState, type Enrollment, type State } from './state.ts'

let data = ''
let state: State
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'muster-state-'))
  state = openState(data)
  await makePrivate(state.folder)
})
afterEach(() => rmSync(data, { recursive: true }))

const enrollment: Enrollment = {
  url: 'https://muster.example.com',
  issuer: 'https://muster.example.com',
  pin: 'p'.repeat(43),
  deviceId: `dev_${'d'.repeat(43)}`,
}

describe('enrolment', () => {
  test('is kept, privately', async () => {
    expect(await state.readEnrollment()).toBeNull()
    await state.saveEnrollment(enrollment)
    expect(await openState(data).readEnrollment()).toEqual(enrollment)
    expect(statSync(join(state.folder, 'enrollment.json')).mode & 0o777).toBe(0o600)
    expect(statSync(state.folder).mode & 0o777).toBe(0o700)
  })

  const damaged = ['', '{', 'null', '[]', '{"url":"https://x"}', JSON.stringify({ ...enrollment, extra: 1 }), '\0\0\0']
  for (const content of damaged) {
    test(`${JSON.stringify(content).slice(0, 40)} is damaged, with the way out`, async () => {
      writeFileSync(join(state.folder, 'enrollment.json'), content)
      await expect(state.readEnrollment()).rejects.toThrow(/enrollment.json is damaged: /)
    })
  }

  test('a folder that stands open is closed', async () => {
    chmodSync(state.folder, 0o755)
    await makePrivate(state.folder)
    expect(statSync(state.folder).mode & 0o777).toBe(0o700)
  })

  test('is forgotten with its key, and a new one counts from 1', async () => {
    await state.saveEnrollment(enrollment)
    await createSoftwareKey(state.keyPath)
    await state.nextSequence()
    await state.forget()
    expect(existsSync(state.keyPath)).toBe(false)
    expect(await state.readEnrollment()).toBeNull()
    await state.forget()
    await state.saveEnrollment(enrollment)
    expect(await state.nextSequence()).toBe(1)
  })
})

describe('sequence', () => {
  beforeEach(() => state.saveEnrollment(enrollment))

  test('counts from 1, and goes on after a restart', async () => {
    expect([await state.nextSequence(), await state.nextSequence()]).toEqual([1, 2])
    expect(await openState(data).nextSequence()).toBe(3)
  })

  test('is on disk before it is told', async () => {
    const told = await state.nextSequence()
    expect(readFileSync(join(state.folder, 'sequence'), 'utf8')).toBe(`${told}\n`)
  })

  test('is never given twice, even to those who ask at once', async () => {
    const numbers = await Promise.all(Array.from({ length: 50 }, () => state.nextSequence()))
    expect(new Set(numbers).size).toBe(50)
  })

  for (const content of ['', 'x', '-1\n', '1', '1.5\n', '1\n2\n', '99999999999999999\n']) {
    test(`${JSON.stringify(content)} is damaged: it does not start again from 1`, async () => {
      writeFileSync(join(state.folder, 'sequence'), content)
      await expect(state.nextSequence()).rejects.toThrow(/sequence is damaged/)
    })
  }

  test('one that is gone is damaged too', async () => {
    rmSync(join(state.folder, 'sequence'))
    await expect(state.nextSequence()).rejects.toThrow(/it is gone/)
  })

  test('one failure does not stop the next', async () => {
    const path = join(state.folder, 'sequence')
    rmSync(path)
    await expect(state.nextSequence()).rejects.toThrow(/it is gone/)
    writeFileSync(path, '7\n')
    expect(await state.nextSequence()).toBe(8)
  })

  test('kill -9 in the middle of writing loses nothing that was told', async () => {
    const script = join(data, 'count.ts')
    const told = join(data, 'told')
    writeFileSync(
      script,
      `import { writeSync, openSync } from 'node:fs'
       const { openState } = await import(${JSON.stringify(new URL('state.ts', import.meta.url).href)})
       const state = openState(${JSON.stringify(data)})
       const file = openSync(${JSON.stringify(told)}, 'a')
       for (;;) writeSync(file, (await state.nextSequence()) + '\\n')`,
    )
    let last = 0
    for (const timeoutMs of [700, 733, 789]) {
      expect(await programRunner().runNode(script, { timeoutMs })).toMatchObject({ reason: 'timed-out' })
      const numbers = readFileSync(told, 'utf8').trimEnd().split('\n').map(Number)
      expect(new Set(numbers).size).toBe(numbers.length)
      const next = await openState(data).nextSequence()
      expect(next).toBeGreaterThan(numbers.at(-1)!)
      expect(next).toBeGreaterThan(last)
      last = next
      rmSync(told)
    }
  })
})

test('the place of the socket is kept for those who look for it', async () => {
  expect(await state.readSocketPath()).toBeNull()
  await state.saveSocketPath('/run/muster/agent.sock')
  expect(await state.readSocketPath()).toBe('/run/muster/agent.sock')
})

test('a data folder that does not exist yet is no enrolment', async () => {
  expect(await openState(join(data, 'not', 'yet')).readEnrollment()).toBeNull()
  mkdirSync(join(data, 'other'))
  expect(await openState(join(data, 'other')).readEnrollment()).toBeNull()
})
