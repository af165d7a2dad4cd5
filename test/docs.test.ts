import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { PolicyDocument } from '../collector/appraisal/policy-document.ts'
import { problemLines } from '../collector/appraisal/policy-problems.ts'
import { policyWarnings } from '../collector/appraisal/policy-warnings.ts'
import { policyProblems } from '../collector/appraisal/policy.ts'
import { readConfig } from '../collector/config.ts'
import { openMetrics } from '../collector/metrics.ts'
import { ERRORS } from '../shared/errors.ts'
import { LIMITS } from '../shared/limits.ts'
import { REQUEST_REFUSALS } from '../shared/gateway-request.ts'
import { REFUSALS } from '../shared/refusal.ts'
import { keysOf } from '../shared/schema.ts'
import { SIGNALS } from '../shared/signals.ts'
import { CHECKS, VERDICTS } from '../shared/standing.ts'

const ROOT = join(import.meta.dirname, '..')
/** What is made by tools, or is not ours to describe. */
const NOT_OURS = new Set(['node_modules', '.git', 'dist', 'coverage', 'muster-data'])
const ROOMS = new Set(['shared', 'agent', 'collector', 'tray', 'test', 'installers'])

const files = readdirSync(ROOT)
  .filter((name) => !NOT_OURS.has(name))
  .flatMap((name) => (statSync(join(ROOT, name)).isDirectory() ? below(name) : [name]))
const documents = files.filter((file) => file.endsWith('.md'))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

function below(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(ROOT.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((file) => !file.startsWith('test/output/'))
}

/** The cells of each row of the tables of a document whose first cell is code, by that code. */
function rowsOf(document: string): Map<string, string[]> {
  const rows = new Map<string, string[]>()
  for (const line of document.split('\n')) {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
    const [, code] = /^`([^`]+)`$/.exec(cells[1] ?? '') ?? []
    if (code !== undefined) rows.set(code, cells.slice(2, -1))
  }
  return rows
}

test('docs/errors.md has every code of the catalogue with its two numbers, and no other', () => {
  const rows = rowsOf(read('docs/errors.md'))
  expect([...rows.keys()].toSorted()).toEqual(keysOf(ERRORS).toSorted())
  for (const code of keysOf(ERRORS)) {
    const { status, close } = ERRORS[code]
    expect([code, ...(rows.get(code)?.slice(0, 2) ?? [])]).toEqual([code, String(status), String(close)])
    expect(rows.get(code)?.slice(2), `${code} has a meaning and something to do`).toEqual([
      expect.stringMatching(/\w/),
      expect.stringMatching(/\w/),
    ])
  }
})

const operations = read('docs/operations.md')

test('docs/operations.md has every setting with its flag, variable and default, and no other', () => {
  const [, source = ''] = /^const SETTINGS = \{\n(.*?)^\} as const/ms.exec(read('collector/config.ts')) ?? []
  const settings = [...source.matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => name)
  expect(settings.length).toBeGreaterThan(10)
  const chapter = chapterOf(operations, 'Settings')
  expect([...rowsOf(chapter).keys()].toSorted()).toEqual(settings.toSorted())

  const described = settings.map((name) => [name, ...(rowsOf(chapter).get(name)?.slice(0, 2) ?? [])])
  expect(described).toEqual(
    settings.map((name) => {
      const words = name.replace(/[A-Z]/g, (letter) => `-${letter}`).toLowerCase()
      return [name, `\`--${words}\``, `\`MUSTER_${words.replaceAll('-', '_').toUpperCase()}\``]
    }),
  )

  // What the configuration is without any file: the settings that have a plain default of their own.
  const defaults = Object.entries(readConfig({}, {})).flatMap(([name, it]) =>
    settings.includes(name) && typeof it !== 'object' ? [[name, `\`${it}\``]] : [],
  )
  expect(defaults.length).toBeGreaterThan(5)
  expect(defaults.map(([name = '']) => [name, rowsOf(chapter).get(name)?.[2]])).toEqual(defaults)
})

test('docs/operations.md has every metric of our own, and no other', async () => {
  const text = await openMetrics({
    devices: () => 0,
    agents: () => 0,
    events: async () => [],
    audit: () => ({ waiting: 0, lost: 0 }),
    clock: () => new Date(),
  }).text()
  const metrics = [...text.matchAll(/^# HELP (muster_\w+)/gm)].map(([, name = '']) => name)
  const described = [...rowsOf(chapterOf(operations, 'Metrics')).keys()].filter((name) => name.startsWith('muster_'))
  expect(described.toSorted()).toEqual(metrics.toSorted())
})

test('docs/operations.md has every limit with its number, and no other', () => {
  const rows = rowsOf(chapterOf(operations, 'Limits'))
  const described = [...rows].map(([name, [number]]) => [name, number])
  expect(Object.fromEntries(described)).toEqual(
    Object.fromEntries(keysOf(LIMITS).map((name) => [name, String(LIMITS[name])])),
  )
})

test('docs/policy.md shows the default policy as it ships, and explains every check and every verdict', () => {
  const policy = read('docs/policy.md')
  expect(policy).toContain(`\`\`\`yaml\n${read('collector/policy.yaml')}\`\`\``)
  expect([...rowsOf(chapterOf(policy, 'Checks')).keys()].toSorted()).toEqual(keysOf(CHECKS).toSorted())
  expect([...rowsOf(chapterOf(policy, 'Verdicts')).keys()].toSorted()).toEqual([...VERDICTS].toSorted())
})

const policyPage = read('docs/policy.md')

test('docs/policy.md explains every key of a policy, and no other', () => {
  const chapter = chapterOf(policyPage, 'Line by line')
  const explained = [...chapter.matchAll(/^`([a-z-]+)` (?:is|are|maps|gives|change) /gm)].map(([, key = '']) => key)
  expect(explained.toSorted()).toEqual(keysOf(PolicyDocument.properties).toSorted())
})

test('docs/policy.md has examples that are right, alone or in the default policy', () => {
  const defaults: unknown = parse(read('collector/policy.yaml'))
  const examples = [...policyPage.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = '']) => yaml)
  expect(examples.length).toBeGreaterThan(6)
  const problems = examples.flatMap((yaml) => {
    const whole = JSON.stringify(completed(parse(yaml), defaults))
    return [...policyProblems(whole), ...policyWarnings(whole)].map(
      ({ path, problem }) => `${path} ${problem}: ${yaml}`,
    )
  })
  expect(problems).toEqual([])
})

/** A part of a policy, or the parameters of some checks, with the rest from another policy. */
function completed(part: object, whole: unknown): object {
  if ('version' in part || typeof whole !== 'object' || whole === null) return part
  const isOfChecks = Object.keys(part).every((key) => key in CHECKS)
  if (!isOfChecks) return { ...whole, ...part }
  return { ...whole, checks: { ...('checks' in whole && typeof whole.checks === 'object' && whole.checks), ...part } }
}

test('docs/policy.md shows what is really said of a policy that is wrong, and of one of which a part has no effect', () => {
  const [, wrong = ''] = /^```yaml wrong\n(.*?)^```/ms.exec(policyPage) ?? []
  const [, idle = ''] = /^```yaml idle\n(.*?)^```/ms.exec(policyPage) ?? []
  const said = problemLines(policyProblems(wrong)).split('\n')
  expect(said.length).toBeGreaterThan(5)
  expect(policyPage).toContain(`The policy is not right:\n  ${said.join('\n  ')}\n${ERRORS['policy-invalid'].fix}`)
  expect(policyPage).toContain(`has no effect:\n${problemLines(policyWarnings(idle))}\n\`\`\``)
})

test('docs/gateway-library.md has every refusal with its meaning and its answer, and no other', () => {
  const rows = rowsOf(chapterOf(read('docs/gateway-library.md'), 'Refusals'))
  const ofRequests = Object.entries(REQUEST_REFUSALS).map(([code, { status, error, title }]) => {
    return [code, [String(status), error === undefined ? '' : `\`${error}\``, title]]
  })
  const ofTokens = Object.entries(REFUSALS).map(([code, meaning]) => [code, [meaning]])
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries([...ofRequests, ...ofTokens]))
})

test('docs/signals.md has a chapter for every signal, and no other', () => {
  const chapters = [...read('docs/signals.md').matchAll(/^## `([^`]+)`/gm)].map(([, id = '']) => id)
  expect(chapters.toSorted()).toEqual(keysOf(SIGNALS).toSorted())
})

test('every folder with code has a README of at most ten lines', () => {
  const folders = new Set(files.filter((file) => /\.[jt]s$/.test(file)).map((file) => dirname(file)))
  const ours = [...folders].filter((folder) => ROOMS.has(folder.split('/')[0] ?? ''))
  const without = ours.filter((folder) => !files.includes(`${folder}/README.md`))
  expect(without).toEqual([])
  const long = ours.filter((folder) => read(`${folder}/README.md`).trimEnd().split('\n').length > 10)
  expect(long).toEqual([])
})

test('relative links lead to files and headings that are there', () => {
  const broken = documents.flatMap((file) => {
    const text = withoutCode(read(file))
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
    return targets
      .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target) && !leads(file, target))
      .map((target) => `${file} links to ${target}`)
  })
  expect(broken).toEqual([])
})

function leads(from: string, target: string): boolean {
  const [path = '', heading] = target.split('#')
  const file = path === '' ? from : join(dirname(from), path)
  if (!existsSync(join(ROOT, file))) return false
  return heading === undefined || (file.endsWith('.md') && headingsOf(read(file)).includes(heading))
}

/** The names by which forges link to headings. */
function headingsOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```/gms, '')
}

function chapterOf(text: string, title: string): string {
  const [, chapter] = text.split(`\n## ${title}\n`)
  expect(chapter, `there is a chapter "${title}"`).toBeDefined()
  return chapter?.split(/^## /m)[0] ?? ''
}

/** Names of package registries, without what follows: the place of a download is for the user's own npm to say. */
const REGISTRY = new RegExp(
  `\\b(?:${['registry', 'files', 'static', 'index', 'proxy', 'www'].join('|')})\\.` +
    `(?:${['npmjs', 'yarnpkg', 'pypi', 'pythonhosted', 'crates', 'golang', 'rubygems'].join('|')})\\.\\w`,
  'i',
)
const HOME = /(?:\/home\/[a-z][\w-]*\/|\/Users\/[A-Za-z][\w-]*\/|\b[A-Z]:\\+Users\\+\w)/

test('no document and no source file names a package registry, or a path of the machine that it was written on', () => {
  const ownPaths = [ROOT, homedir()].filter((path) => path.split(/[/\\]/).filter(Boolean).length > 1)
  const written = files.filter((file) => /\.(?:md|[jt]s|mjs|json|ya?ml|sql)$/.test(file))
  const breaches = written.flatMap((file) => {
    const text = read(file)
    const found = [REGISTRY.exec(text)?.[0], ...ownPaths.filter((path) => text.includes(path))]
    // Tests of probes tell of homes on laptops that they made up.
    if (!/\.test\.ts$|\/fixtures\//.test(file)) found.push(HOME.exec(text)?.[0])
    return found.filter((it) => it !== undefined).map((it) => `${file} names ${it}`)
  })
  expect(breaches).toEqual([])
})
