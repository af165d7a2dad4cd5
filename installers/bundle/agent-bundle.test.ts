import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Compile } from 'typebox/compile'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { EvidenceClaims } from '../../shared/evidence.ts'
import { LocalAnswer } from '../../shared/local.ts'
import { CollectorMessage, goodbye } from '../../shared/messages.ts'
import { Facts } from '../../shared/signals.ts'
import { mutations } from '../../test/fakes/mutations.ts'
import { AGENT_FLAGS, bundleAgent } from './agent-bundle.ts'
import { Compile as Walk } from './typebox/compile.ts'

let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-bundle-'))
  await bundleAgent(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function agent(main: string, flags: readonly string[], args: readonly string[]): string {
  return execFileSync(process.execPath, [...flags, main, ...args], { encoding: 'utf8' })
}

/** What an agent reads of this machine, but for the time. */
function read(main: string, flags: readonly string[]) {
  const { facts } = JSON.parse(agent(main, flags, ['check', '--json'])) as { facts: Record<string, object> }
  return Object.entries(facts).map(([id, fact]) => [id, { ...fact, observedAt: null }])
}

describe('the bundle', () => {
  test('runs without anything beside it', () => {
    expect(agent(join(folder, 'main.js'), AGENT_FLAGS, ['--version'])).toBe(`${packageJson.version}\n`)
  })

  test('reads of this machine what the source reads', () => {
    const source = join(import.meta.dirname, '../../agent/main.ts')
    expect(read(join(folder, 'main.js'), AGENT_FLAGS)).toEqual(read(source, []))
  })

  test('comes with the licences of what is in it', () => {
    const licences = readFileSync(join(folder, 'LICENSES.txt'), 'utf8')
    for (const name of ['muster', 'node_modules/ws', 'node_modules/typebox']) expect(licences).toContain(`${name}\n\n`)
  })

  test('holds no import of a module of Node that would touch all its exports', () => {
    const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
    expect(scripts).toContain('main.js')
    for (const name of scripts) expect(readFileSync(join(folder, name), 'utf8')).not.toMatch(/(?:from|import)\s*"node:/)
  })
})

describe('the check that walks the schema', () => {
  const time = '2026-11-25T12:00:00.000Z'
  const facts: Facts = {
    firewall: { kind: 'value', value: { enabled: true }, source: 'nft', observedAt: time },
    'secure-boot': { kind: 'unreadable', why: 'nobody knows', source: 'none', observedAt: time },
  }
  const cases = [
    { name: 'facts', schema: Facts, good: facts },
    { name: 'a message of the collector', schema: CollectorMessage, good: goodbye('superseded') },
    { name: 'a local answer', schema: LocalAnswer, good: { id: 1, error: { code: 'internal', message: 'no' } } },
    { name: 'claims', schema: EvidenceClaims, good: { eat_profile: 'none', facts } },
  ]
  for (const { name, schema, good } of cases) {
    test(`finds in ${name} what compiled code finds`, () => {
      const [compiled, walking] = [Compile(schema), Walk(schema)]
      for (const text of [JSON.stringify(good), 'null', '[]', '{}', ...mutations(JSON.stringify(good), 2000)]) {
        const input = parsed(text)
        expect(walking.Check(input)).toBe(compiled.Check(input))
        expect(walking.Errors(input)).toEqual(compiled.Errors(input))
      }
    })
  }
})

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}
