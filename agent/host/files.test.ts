import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readDirectory, readFile, statFile } from './files.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-files-'))
  writeFileSync(join(folder, 'plain'), 'text ✓\n')
  writeFileSync(join(folder, 'empty'), '')
  writeFileSync(join(folder, 'large'), 'x'.repeat(100_000))
  writeFileSync(join(folder, 'latin1'), Buffer.from([0x66, 0xfc, 0x72]))
  writeFileSync(join(folder, 'secret'), 'secret')
  chmodSync(join(folder, 'secret'), 0)
  mkdirSync(join(folder, 'sub'))
  symlinkSync('plain', join(folder, 'link'))
  symlinkSync('nowhere', join(folder, 'broken'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('readFile', () => {
  test('gives text', async () => {
    expect(await readFile(join(folder, 'plain'))).toEqual({ ok: true, text: 'text ✓\n' })
    expect(await readFile(join(folder, 'link'))).toEqual({ ok: true, text: 'text ✓\n' })
    expect(await readFile(join(folder, 'empty'))).toEqual({ ok: true, text: '' })
    expect(await readFile(join(folder, 'large'))).toEqual({ ok: true, text: 'x'.repeat(100_000) })
    expect(await readFile(join(folder, 'latin1'))).toEqual({ ok: true, text: 'für' })
  })

  test('takes a file up to the limit and not a byte more', async () => {
    expect(await readFile(join(folder, 'large'), { maxBytes: 100_000 })).toMatchObject({ ok: true })
    expect(await readFile(join(folder, 'large'), { maxBytes: 99_999 })).toEqual({
      ok: false,
      reason: 'too-large',
      why: `${folder}/large is larger than 99999 bytes`,
    })
  })

  const unreadable = [
    { path: 'gone', reason: 'missing' },
    { path: 'broken', reason: 'missing' },
    { path: 'plain/below', reason: 'missing' },
    { path: 'sub', reason: 'failed' },
    { path: 'nul\0', reason: 'failed' },
  ]
  for (const { path, reason } of unreadable) {
    test(`${JSON.stringify(path)} is ${reason}`, async () => {
      expect(await readFile(join(folder, path))).toMatchObject({ ok: false, reason })
    })
  }

  test.skipIf(process.getuid?.() === 0)('what may not be read is denied (cannot be shown as root)', async () => {
    expect(await readFile(join(folder, 'secret'))).toMatchObject({ ok: false, reason: 'denied' })
  })

  test.skipIf(process.platform !== 'linux')('reads files of the kernel, whose size is 0', async () => {
    const mounts = await readFile('/proc/self/mountinfo')
    expect(mounts.ok && mounts.text).toContain(' / ')
    expect(await readFile('/proc/self/mountinfo', { maxBytes: 10 })).toMatchObject({ reason: 'too-large' })
    const cmdline = await readFile('/proc/self/cmdline')
    expect(cmdline.ok && cmdline.text.length).toBeGreaterThan(0)
    expect(await readFile('/proc/self/gone')).toMatchObject({ reason: 'missing' })
    expect(await readFile('/sys/kernel')).toMatchObject({ reason: 'failed' })
  })

  test.skipIf(process.platform !== 'linux')(
    'a device or a pipe in the place of a file does not hold it up',
    async () => {
      expect(await readFile('/dev/zero')).toMatchObject({ reason: 'failed', why: '/dev/zero is not a file' })
      expect(await readFile('/proc/self/fd/0')).toBeDefined()
    },
  )
})

describe('readDirectory', () => {
  test('gives the names in order', async () => {
    expect(await readDirectory(folder)).toEqual({
      ok: true,
      names: ['broken', 'empty', 'large', 'latin1', 'link', 'plain', 'secret', 'sub'],
    })
    expect(await readDirectory(join(folder, 'sub'))).toEqual({ ok: true, names: [] })
  })

  test('says what is missing, and that a file is no folder', async () => {
    expect(await readDirectory(join(folder, 'gone'))).toMatchObject({ reason: 'missing' })
    expect(await readDirectory(join(folder, 'plain'))).toMatchObject({ ok: false })
  })
})

describe('statFile', () => {
  test('tells size and time', async () => {
    const stats = await statFile(join(folder, 'large'))
    expect(stats).toMatchObject({ ok: true, bytes: 100_000 })
    expect(stats.ok && stats.modifiedAt).toBeInstanceOf(Date)
    expect(await statFile(join(folder, 'gone'))).toMatchObject({ reason: 'missing' })
  })
})
