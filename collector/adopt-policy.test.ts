import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MusterError } from '../shared/errors.ts'
import { digest } from '../shared/jws.ts'
import { START } from '../test/fakes/fleet.ts'
import { adoptPolicy, type Adopted } from './adopt-policy.ts'
import { openSqlite } from './store/sqlite.ts'
import type { PolicyRecord, Store } from './store/store.ts'

const policy = (checks: string) => `version: 1
freshness: 15m
tiers: { public: [], internal: [${checks}] }
default-tier: internal
`
const LAX = policy('firewall')
const STRICT = policy('firewall, secure-boot')
const BROKEN = policy('firewal')
/** A file that is not there. */
const MISSING = new MusterError('config-invalid', '/etc/muster/policy.yaml cannot be read')

let store: Store
let refused: string[]
beforeEach(() => {
  store = openSqlite(':memory:')
  refused = []
})
afterEach(() => store.close())

type Document = string | MusterError

function adopt(document: Document, source: 'file' | 'default' = 'file'): Promise<Adopted> {
  const read = () => {
    if (document instanceof MusterError) throw document
    return document
  }
  return adoptPolicy(store, { read, source }, START, ({ message }) => refused.push(message))
}

/** A version of an earlier life: this release may not be able to read it. */
const kept = (document: string, source: PolicyRecord['source']) =>
  store.addPolicy({ document, digest: digest(document), appliedAt: START, author: 'anna', source, restores: null })

const sources = async () => (await store.loadPolicies()).map(({ source }) => source)

describe('the first start', () => {
  test('takes the policy of the release, or the file that is named instead', async () => {
    expect((await adopt(LAX, 'default')).inForce).toMatchObject({ version: 1, author: 'the release' })
    expect(await adopt(STRICT)).toMatchObject({
      inForce: { version: 2, author: 'the policy file of the configuration' },
      before: { version: 1 },
    })
    expect(await sources()).toEqual(['default', 'file'])
  })

  test.each<[string, Document, string]>([
    ['not right', BROKEN, 'policy-invalid'],
    ['not there', MISSING, 'config-invalid'],
  ])(
    'with a file that is %s is none, whether or not the policy of the release counted before',
    async (_, file, code) => {
      await expect(adopt(file)).rejects.toMatchObject({ code })
      await adopt(LAX, 'default')
      await expect(adopt(file)).rejects.toMatchObject({ code })
      expect(await sources()).toEqual(['default'])
    },
  )
})

describe('a later start', () => {
  const cases: [what: string, applied: string[], file: Document, version: number, isRefused: boolean][] = [
    ['a file that did not change', [], LAX, 1, false],
    ['a file that changed', [], STRICT, 2, false],
    ['a file that is not right any more', [], BROKEN, 1, true],
    ['a file that is not there any more', [], MISSING, 1, true],
    ['a file that did not change after another was applied by hand', [STRICT], LAX, 2, false],
    ['a file that changed after another was applied by hand', [policy('secure-boot')], STRICT, 3, false],
    ['a file that changed to what was applied by hand', [STRICT], STRICT, 3, false],
    ['a file that is not right after another was applied by hand', [STRICT], BROKEN, 2, true],
    ['a file that is not there after another was applied by hand', [STRICT], MISSING, 2, true],
  ]
  test.each(cases)('%s', async (_, applied, file, version, isRefused) => {
    await adopt(LAX)
    for (const document of applied) await kept(document, 'apply')
    expect((await adopt(file)).inForce.version).toBe(version)
    expect(refused.length > 0).toBe(isRefused)
    // The start after that finds nothing new.
    expect((await adopt(file)).inForce.version).toBe(version)
  })

  test('with a file that becomes right again takes it', async () => {
    await adopt(LAX)
    await adopt(BROKEN)
    expect(refused.at(-1)).toContain('firewal')
    expect((await adopt(STRICT)).inForce.version).toBe(2)
  })

  test('whose configuration names no file any more goes on with what the file said', async () => {
    await adopt(STRICT)
    expect((await adopt(LAX, 'default')).inForce.version).toBe(1)
  })

  test('of a release with another default takes it only for those who never chose a policy', async () => {
    await adopt(LAX, 'default')
    expect(await adopt(STRICT, 'default')).toMatchObject({ inForce: { version: 2 }, before: { version: 1 } })
    await kept(LAX, 'apply')
    expect((await adopt(policy('secure-boot'), 'default')).inForce.version).toBe(3)
  })
})

describe('a policy in force that this release cannot read', () => {
  test.each<[string, Document, 'file' | 'default']>([
    ['from the same file', BROKEN, 'file'],
    ['with a file that is not there', MISSING, 'file'],
    ['with a file that is not right either', policy('wren'), 'file'],
    ['applied by hand, with the policy of the release', LAX, 'default'],
  ])('starts nothing, and says which it is and what to do: %s', async (_, document, source) => {
    await kept(LAX, 'file')
    await kept(BROKEN, source === 'file' ? 'file' : 'apply')
    const starting = adopt(document, source)
    await expect(starting).rejects.toMatchObject({ code: 'policy-invalid' })
    await expect(starting).rejects.toThrow(/version 2 \(anna\), which is in force.*put it right in a file.*\n.*firewal/)
    expect(await sources()).toHaveLength(2)
  })

  test('gives way to a file that was put right, with nothing before it', async () => {
    await kept(BROKEN, 'file')
    expect(await adopt(STRICT)).toMatchObject({ inForce: { version: 2 }, before: null })
  })

  test('gives way to the new default of the release where nobody chose it', async () => {
    await kept(BROKEN, 'default')
    expect((await adopt(LAX, 'default')).inForce.version).toBe(2)
  })
})
