import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readSourceFile } from './file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-file-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a file that is being written is not read, and is once it rests', async () => {
  const path = join(folder, 'windows.yaml')
  writeFileSync(path, '# x\n'.repeat(100_000))
  let isReading = true
  const write = () => {
    appendFileSync(path, '# y\n')
    if (isReading) setImmediate(write)
  }
  setImmediate(write)
  await expect(readSourceFile(path, 1_000_000)).rejects.toThrow(
    expect.objectContaining({
      code: 'releases-unreachable',
      message: expect.stringMatching(/changes while/) as string,
    }),
  )
  isReading = false
  await new Promise((resolve) => setImmediate(resolve))
  expect((await readSourceFile(path, 1_000_000))?.length).toBeGreaterThan(400_000)
})
