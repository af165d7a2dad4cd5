import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const ROOMS = ['shared', 'agent', 'collector', 'tray', 'installers']

/** A folder, what its files may import, and why. Folders inside one another: the innermost rule counts. */
const BORDERS: [folder: string, mayImport: string[], why: string][] = [
  // node:crypto and node:zlib only compute.
  ['shared', ['shared', 'typebox', 'jose', 'node:crypto', 'node:zlib'], 'what two programs must agree on has no I/O'],
  [
    'collector/appraisal',
    // fastest-levenshtein: which word of a policy was meant is as pure a question as what it says.
    ['shared', 'collector/appraisal', 'typebox', 'yaml', 'fastest-levenshtein'],
    'a verdict is a pure function of its inputs',
  ],
  [
    'collector/protocol',
    ['shared', 'collector/appraisal', 'collector/protocol', 'typebox', 'node:crypto'],
    'who says what next can be tested without a socket',
  ],
  [
    'collector/store',
    ['shared', 'collector/appraisal', 'collector/store', 'typebox', 'better-sqlite3', 'node:fs'],
    'the store keeps what it is given, and knows nothing of the conversation',
  ],
  [
    'collector/http',
    ['shared', 'collector', 'typebox', 'fastify', '@fastify', 'node:http', 'node:https', 'node:net', 'node:tls'],
    'nobody else knows the web',
  ],
  ['collector', ['shared', 'collector', 'npm', 'node'], 'the programs share nothing but shared/'],
  ['agent/probes/all.ts', ['agent'], 'the list of the probes is where they meet the agent'],
  [
    'agent/probes',
    [
      'shared',
      'agent/probes',
      'agent/host/host.ts',
      'agent/host/programs.ts',
      'agent/host/code-pages.ts',
      'typebox',
      '@xmldom',
    ],
    'a probe knows only a Host, and in which letters it may have answered',
  ],
  ['agent/host', ['shared', 'agent/host', 'typebox', 'node', 'systeminformation'], 'one door to the operating system'],
  ['agent', ['shared', 'agent', 'npm', 'node'], 'the programs share nothing but shared/'],
  ['tray', ['shared', 'tray', 'npm', 'node'], 'the programs share nothing but shared/'],
  ['installers', ['shared', 'installers', 'npm', 'node'], 'the programs share nothing but shared/'],
]

/** Packages that only one place may import, so that it can be replaced there. */
const KEEPERS: Record<string, string[]> = {
  'better-sqlite3': ['collector/store', 'collector/lock.ts'],
  commander: ['collector/commands'],
  fastify: ['collector'],
  ws: ['collector/ws', 'agent/connection.ts'],
  systeminformation: ['agent/host/inventory-child.ts'],
  'node:child_process': ['agent/host/run.ts', 'installers'],
}

const JUNK = /(^|\/)(utils?|helpers?|common|misc|lib)(\/|\.ts$)|(^|\/)(index|types)\.ts$/

const files = ROOMS.filter((room) => existsSync(join(ROOT, room)))
  .flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' }).map((name) => join(room, name)),
  )
  .filter((name) => /\.[jt]s$/.test(name))
const isTest = (file: string) => file.endsWith('.test.ts')

/** What a file imports: paths from the root for our own files, names for packages and for Node's modules. */
function importsOf(file: string): string[] {
  const code = readFileSync(join(ROOT, file), 'utf8')
  const found = [
    ...code.matchAll(/^(?:import|export)\b[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm),
  ]
  return found.map(([, from, bare, dynamic]) => {
    const name = from ?? bare ?? dynamic ?? ''
    return name.startsWith('.') ? relative(ROOT, join(ROOT, dirname(file), name)) : name
  })
}

function isBelow(name: string, place: string): boolean {
  return name === place || name.startsWith(`${place}/`)
}

function allows(allowed: string, imported: string): boolean {
  if (allowed === 'node') return imported.startsWith('node:')
  if (allowed === 'npm') return !imported.startsWith('node:') && !ROOMS.some((room) => isBelow(imported, room))
  return isBelow(imported, allowed)
}

test('imports flow one way', () => {
  const breaches = files
    .filter((file) => !isTest(file))
    .flatMap((file) => {
      const border = BORDERS.find(([folder]) => isBelow(file, folder))
      if (!border) return [`${file} is in no folder that has a rule`]
      const [, allowed, why] = border
      return importsOf(file)
        .filter((imported) => !allowed.some((it) => allows(it, imported)))
        .map((imported) => `${file} imports ${imported}: ${why}`)
    })
  expect(breaches).toEqual([])
})

test('a package stays where it can be replaced', () => {
  const breaches = Object.entries(KEEPERS).flatMap(([name, places]) =>
    files
      .filter(
        (file) => !isTest(file) && importsOf(file).includes(name) && !places.some((place) => isBelow(file, place)),
      )
      .map((file) => `${file} imports ${name}, which belongs to ${places.join(', ')}`),
  )
  expect(breaches).toEqual([])
})

test('no junk drawers and no barrels', () => {
  expect(files.filter((file) => JUNK.test(file))).toEqual([])
})

test('pure folders ask neither the clock nor chance', () => {
  const pure = files.filter((file) => /^(shared|collector\/(appraisal|protocol))\//.test(file) && !isTest(file))
  const breaches = pure.filter((file) =>
    /\bDate\.now\(|new Date\(\)|Math\.random\(|randomBytes|randomUUID|performance\.now/.test(
      readFileSync(join(ROOT, file), 'utf8'),
    ),
  )
  expect(breaches).toEqual([])
})

test('unit tests stand beside the file that they test', () => {
  const lonely = files.filter((file) => isTest(file) && !files.includes(file.replace(/\.test\.ts$/, '.ts')))
  // A probe folder's tests may cover the folder as a whole.
  expect(lonely.filter((file) => !file.startsWith('agent/probes/'))).toEqual([])
})
