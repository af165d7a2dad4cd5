import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const GATEWAYS = join(import.meta.dirname, '../../docs/gateways')

describe.each(['nginx', 'caddy', 'haproxy', 'traefik', 'envoy'])('the page of %s', (folder) => {
  const files = readdirSync(join(GATEWAYS, folder)).filter((file) => file !== 'README.md')
  const read = (file: string) => readFileSync(join(GATEWAYS, folder, file), 'utf8')
  const page = read('README.md')

  test('says of each file where it goes', () => {
    const unsaid = files.filter(
      (file) => !page.includes(file) && !page.includes(`\`.${file.split('.').at(-1) ?? ''}\``),
    )
    expect(unsaid).toEqual([])
    expect(page).toContain('muster-collector gateway create')
    expect(readFileSync(join(GATEWAYS, 'README.md'), 'utf8')).toContain(`(${folder}/README.md)`)
  })

  test('names no file that is not there', () => {
    const named = [...page.matchAll(/`([\w-]+(?:\.example)?\.(?:conf|caddyfile|lua|cfg|yaml|html))`/g)].map(
      ([, name]) => name,
    )
    const own = new Set([...files, 'settings.conf', 'listen.conf', 'haproxy.cfg'])
    expect(named.filter((name) => name !== undefined && !own.has(name))).toEqual([])
  })

  test('says what lines guard that stand in its files', () => {
    const [, chapter = ''] = page.split('## What guards what\n')
    const [table = ''] = chapter.split('\n## ')
    const shipped = files.map(read).join('\n').replaceAll(/\s+/g, ' ')
    const cells = table.split('\n').flatMap((line) => /^\|(.*?)\|/.exec(line)?.[1] ?? [])
    const quoted = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code))
    // "..." stands for what is not quoted; a file or a snippet may be named besides.
    const parts = quoted.flatMap((code) => code.split('...').map((part) => part.trim().replaceAll(/\s+/g, ' ')))
    expect(quoted.length).toBeGreaterThan(4)
    expect(parts.filter((part) => !shipped.includes(part) && !files.includes(part))).toEqual([])
  })
})
