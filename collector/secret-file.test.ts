import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSecretFile } from './secret-file.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-secret-'))
  file = join(folder, 'key')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a secret is made once, is of 32 bytes, and only its owner may read it', () => {
  const secret = openSecretFile(file)
  expect(secret).toHaveLength(32)
  expect(openSecretFile(file)).toEqual(secret)
  expect(readdirSync(folder)).toEqual(['key'])
  // Windows has other rights, and Node shows none of them.
  expect(statSync(file).mode & 0o777).toBe(process.platform === 'win32' ? 0o666 : 0o600)
  rmSync(file)
  expect(openSecretFile(file)).not.toEqual(secret)
})

describe('a file that is not right is refused, and stays as it is', () => {
  test.each([
    ['empty', ''],
    ['too short', 'abc'],
    ['too long', `${'A'.repeat(44)}\n`],
    ['of other letters', `${'A'.repeat(42)}+\n`],
    ['with something after it', `${'A'.repeat(43)}\nB`],
  ])('%s', (_name, content) => {
    writeFileSync(file, content, { mode: 0o600 })
    expect(() => openSecretFile(file)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
    expect(readFileSync(file, 'utf8')).toBe(content)
  })

  test.skipIf(process.platform === 'win32')('readable by others (skipped on Windows)', () => {
    openSecretFile(file)
    chmodSync(file, 0o640)
    expect(() => openSecretFile(file)).toThrow(/can be read by others; run: chmod 600/)
  })
})
