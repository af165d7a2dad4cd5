import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../collector/config.ts'
import { readFeed } from '../../collector/appraisal/feeds/read.ts'
import { parsePin, requirePinned } from '../../collector/releases/pin.ts'
import { ENDOFLIFE_OLD_MACOS, ENDOFLIFE_WINDOWS, MSRC, SOFA_V2 } from '../fakes/feeds.ts'

const ROOT = join(import.meta.dirname, '../..')
const guide = readFileSync(join(ROOT, 'docs/releases.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'muster-guide-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The blocks of code of a language in a chapter of the guide. */
function blocks(language: string, chapter: string): string[] {
  const [, text = ''] = guide.split(`\n## ${chapter}\n`)
  const [own = ''] = text.split(/\n## /)
  return [...own.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, code = '']) => code)
}

const NOW = new Date('2026-11-25T12:00:00Z')

describe('the examples of the guide are read', () => {
  test.each([
    ["The catalogue's own format", 'catalogue', 4, 2],
    ['Windows builds, kept by hand', 'windows-builds', 5, 11],
  ])('%s', (chapter, format, lines, releases) => {
    const [yaml = ''] = blocks('yaml', chapter)
    const feed = readFeed(Buffer.from(yaml), { name: '', now: NOW })
    expect([feed.format, feed.lines.length, feed.releases.flatMap((line) => line.releases).length]).toEqual([
      format,
      lines,
      releases,
    ])
  })

  test('the settings', () => {
    const [yaml = ''] = blocks('yaml', 'Sources')
    const file = join(folder, 'sources.yaml')
    writeFileSync(file, yaml)
    expect(readConfig({ config: file }, {}).releaseSources).toHaveLength(6)
  })
})

/** Runs lines of the guide as they stand there; `curl` finds the feeds of the tests, and the collector is the one of this checkout. */
function run(lines: string): string {
  const done = spawnSync('sh', ['-euc', lines], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, HOME: folder },
  })
  if (done.status !== 0) throw new Error(done.stderr)
  return done.stdout.trim()
}

function program(name: string, script: string): void {
  mkdirSync(join(folder, 'bin'), { recursive: true })
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, 'bin', name), 0o755)
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0 && process.platform !== 'win32'

describe.skipIf(!hasOpenssl)('the recipes of the guide work (skipped where openssl is missing)', () => {
  const [builds = ''] = blocks('yaml', 'Windows builds, kept by hand')
  const [checksum = '', makeKey = '', signIt = '', p256 = ''] = blocks('sh', 'Pins and signatures')
  const file = join(folder, 'windows.yaml')
  writeFileSync(file, builds)
  const accepts = (pin: string, content: string) => {
    const parsed = parsePin(pin)
    if (!parsed.ok) throw new Error(parsed.problem)
    requirePinned(parsed.value, Buffer.from(content), readFileSync(`${file}.sig`, 'latin1'))
  }

  test('a checksum', () => {
    writeFileSync(`${file}.sig`, '')
    const [digest = ''] = run(checksum).split(' ')
    expect(() => accepts(`sha256=${digest}`, builds)).not.toThrow()
    expect(() => accepts(`sha256=${digest}`, `${builds}#`)).toThrow(/not the pinned one/)
  })

  test('a key of Ed25519', () => {
    const pin = `key=${run(makeKey)}`
    run(signIt)
    expect(() => accepts(pin, builds)).not.toThrow()
    expect(() => accepts(pin, `${builds}#`)).toThrow(/not one of the pinned key/)
  })

  test('a key of P-256', () => {
    const pin = `key=${run(p256)}`
    expect(() => accepts(pin, builds)).not.toThrow()
    expect(() => accepts(pin, `${builds}#`)).toThrow(/not one of the pinned key/)
  })

  test('without a network', () => {
    const feeds = join(folder, 'internet')
    mkdirSync(feeds)
    // As old as any clock that the test may run by.
    const save = (name: string, text: string) => writeFileSync(join(feeds, name), text.replaceAll('2026-', '2024-'))
    save('sofafeed.macadmins.io_v2_macos_data_feed.json', SOFA_V2)
    save(
      'endoflife.date_api_v1_products_macos',
      JSON.stringify({
        result: { name: 'macos', releases: [{ name: '26', isEol: false, releaseDate: '2024-09-15' }] },
      }),
    )
    save('endoflife.date_api_v1_products_windows', ENDOFLIFE_WINDOWS)
    save('api.msrc.microsoft.com_cvrf_v3.0_cvrf', MSRC)
    program(
      'curl',
      `while [ $# -gt 0 ]; do case "$1" in -o) out=$2; shift 2;; -H) shift 2;; -*) shift;; *) url=$1; shift;; esac; done
cp "${feeds}/$(echo "$url" | sed 's|https://||; s|/20..-...$||; s|/|_|g')" "$out"`,
    )
    program('muster-collector', `exec '${process.execPath}' '${join(ROOT, 'collector/main.ts')}' "$@"`)

    const pin = run(makeKey)
    const [fetchAll = '', check = ''] = blocks('sh', 'Without a network')
    const [settings = ''] = blocks('yaml', 'Without a network')
    run(fetchAll)
    writeFileSync(join(folder, 'collector.yaml'), settings.replaceAll('PUBLIC_KEY', pin))
    expect(run(check)).toBe('The configuration is right.')

    writeFileSync(join(folder, 'feeds/macos.json'), ENDOFLIFE_OLD_MACOS)
    expect(() => run(check)).toThrow(/feeds\/macos\.json: its signature is not one of the pinned key/)
  })
})
