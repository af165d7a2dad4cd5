import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CATALOGUE_YAML, MSRC, SOFA_V2, WINDOWS_BUILDS } from '../../test/fakes/feeds.ts'
import { MusterError } from '../../shared/errors.ts'
import { digest } from '../../shared/jws.ts'
import { checkReleaseFiles } from './check.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-check-'))
  write('releases.yaml', CATALOGUE_YAML)
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

const NOW = new Date('2026-11-25T12:00:00Z')
const check = (...releaseSources: string[]) =>
  checkReleaseFiles({ releasesFile: join(folder, 'releases.yaml'), releaseSources }, NOW)

function problemOf(...releaseSources: string[]): MusterError {
  try {
    check(...releaseSources)
  } catch (error) {
    if (error instanceof MusterError) return error
  }
  throw new Error('nothing was found to be wrong')
}

test('what is right is right, and addresses are not asked', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const signed = write('signed.json', SOFA_V2)
  write('signed.json.sig', sign(null, Buffer.from(SOFA_V2), privateKey).toString('base64'))
  write('msrc-2026-Oct.json', MSRC)
  expect(() =>
    check(
      'https://feeds.example/macos.json',
      `${write('macos.json', SOFA_V2)}#sha256=${digest(SOFA_V2)}`,
      `${signed}#key=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64url')}`,
      join(folder, 'msrc-{month}.json'),
    ),
  ).not.toThrow()
})

test('all that is wrong is told at once, with the names of the files', () => {
  write('releases.yaml', SOFA_V2)
  const wrong = write('windows.yaml', WINDOWS_BUILDS.replace('9500', '26100.9500'))
  const pinned = `${write('macos.json', SOFA_V2)}#sha256=${digest('')}`
  mkdirSync(join(folder, 'folder'))
  const unsigned = `${join(folder, 'macos.json')}#key=${generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64url')}`
  const long = write('long.json', '')
  truncateSync(long, 32 * 1024 * 1024 + 1)
  const error = problemOf(wrong, pinned, join(folder, 'gone.json'), join(folder, 'folder'), unsigned, long)
  expect(error.code).toBe('releases-invalid')
  for (const said of [
    /releases\.yaml: it is no whole catalogue/,
    /windows\.yaml: Windows builds: builds\.0\.releases\.2026-10-13 must match/,
    /macos\.json: its SHA-256 is/,
    /gone\.json: there is no such file/,
    /folder: it cannot be read: EISDIR/,
    /long\.json: it is longer than 33554432 bytes/,
    /macos\.json: its signature is not one of the pinned key/,
  ]) {
    expect(error.message).toMatch(said)
  }
})

test('a file of the catalogue that is not there is told', () => {
  rmSync(join(folder, 'releases.yaml'))
  expect(() => check()).toThrow(expect.objectContaining({ code: 'releases-unreachable' }) as Error)
})
