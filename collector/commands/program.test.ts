import { describe, expect, test } from 'vitest'
import { ran } from '../../test/fakes/terminal.ts'
import { SETTING_FLAGS } from '../config.ts'
import { NOUNS } from './all.ts'
import type { Command, Given } from './command.ts'
import { runCommandLine } from './run.ts'

const words = (line: string) => line.split(' ').filter(Boolean)
const pathOf = (noun: string, verb: string) => `${noun} ${verb}`.trim()
const see = (called: string) => ` See muster-collector ${called}--help\n`

describe('wrong usage is one line, with what was probably meant', () => {
  const cases: [line: string, problem: string, help: string][] = [
    ['polcy list', "unknown command 'polcy' (Did you mean policy?).", ''],
    ['policy aply', "unknown command 'aply' (Did you mean apply?).", 'policy '],
    ['policy', 'policy needs one of: apply, rollback, list, show, diff.', 'policy '],
    ['policy --data x', 'policy needs one of: apply, rollback, list, show, diff.', 'policy '],
    ['policy apply', "missing required argument 'FILE'.", 'policy apply '],
    ['policy apply a b', "too many arguments for 'apply'. Expected 1 argument but got 2: a, b.", 'policy apply '],
    ['policy apply a --dry-rnu', "unknown option '--dry-rnu' (Did you mean --dry-run?).", 'policy apply '],
    ['policy list --dry-run', "unknown option '--dry-run'.", 'policy list '],
    ['policy list --datas x', "unknown option '--datas' (Did you mean --data?).", 'policy list '],
    ['policy list --xyzzy', "unknown option '--xyzzy'.", 'policy list '],
    ['policy list -x', "unknown option '-x'.", 'policy list '],
    ['--prot 7400', "unknown option '--prot' (Did you mean --port?).", ''],
    ['policy apply a --author', "option '--author <NAME>' argument missing.", 'policy apply '],
    ['serve now', "too many arguments for 'serve'. Expected 0 arguments but got 1: now.", 'serve '],
    ['exception grant --tag lab', 'grant needs --check, --reason, --expires.', 'exception grant '],
    ['constructor', "unknown command 'constructor'.", ''],
    ['policy toString', "unknown command 'toString'.", 'policy '],
    ['policy list --toString', "unknown option '--toString'.", 'policy list '],
    ['policy list --__proto__', "unknown option '--__proto__'.", 'policy list '],
  ]
  test.each(cases)('%s', async (line, problem, help) => {
    const error = `muster-collector: ${problem}${see(help)}`
    expect(await ran(...words(line))).toEqual({ code: 2, out: '', error, progress: [] })
  })

  test.each(['--author --dry-run', '--dry-run --author --no-wait', '--author --json', '--data --dry-run'])(
    'an option is never the value of the one before it: %s',
    async (options) => {
      const { code, error } = await ran('policy', 'apply', 'policy.yaml', ...words(options))
      expect([code, error.split('\n').length]).toEqual([2, 2])
      expect(error).toMatch(/(missing|begin with a dash)\. See muster-collector policy apply --help\n$/)
    },
  )

  test('what was typed stays on the line', async () => {
    expect((await ran('a\nb\nc')).error.split('\n')).toHaveLength(2)
  })
})

describe('help', () => {
  const commands = NOUNS.flatMap(({ name, verbs }) =>
    Object.entries(verbs).map(([verb, command]) => [pathOf(name, verb), command] as const),
  )
  test.each(commands)('%s is told of with all that it takes', async (line, { operands = '', options = {} }) => {
    for (const help of ['--help', '-h']) {
      const { code, out, error } = await ran(...words(line), help)
      expect([code, error]).toEqual([0, ''])
      expect(out).toMatch(new RegExp(`^Usage: muster-collector ${line} `))
      for (const operand of words(operands)) expect(out).toContain(operand)
      for (const [option, it] of Object.entries(options)) {
        expect(out).toMatch(new RegExp(`^  --${option} `, 'm'))
        expect(out.replaceAll(/\s+/g, ' ')).toContain(it.help)
      }
    }
  })

  test.each(NOUNS)('$name is told of with its commands and examples', async ({ name, verbs, about, examples = '' }) => {
    const { code, out } = await ran(name, '--help')
    expect(code).toBe(0)
    expect(out.replaceAll(/\s+/g, ' ')).toContain(about.replaceAll(/\s+/g, ' '))
    for (const verb of Object.keys(verbs).filter(Boolean)) expect(out).toMatch(new RegExp(`^  ${verb} `, 'm'))
    for (const example of examples.split('\n')) expect(out).toContain(example)
  })

  test('of everything names every noun and every setting, and fits into a terminal', async () => {
    const { code, out } = await ran('--help')
    expect(code).toBe(0)
    expect(await ran('--data', 'x', '-h')).toMatchObject({ code: 0, out })
    for (const { name } of NOUNS) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'))
    for (const flag of ['config', ...Object.keys(SETTING_FLAGS)]) expect(out).toContain(`\n  --${flag} `)
    expect(out.replaceAll(/\s+/g, ' ')).toContain(' port to listen on; 0 takes any free one (7400) --')
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  test.each(['--version', 'policy --version', '--data x --version'])('%s', async (line) => {
    const { code, out } = await ran(...words(line))
    expect([code, out]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)])
  })
})

const fail = (text: string | null) => {
  throw new Error(`printed: ${text}`)
}

/** What a line gives to a command, and the port among its settings. */
async function givenBy(line: string): Promise<{ called: string; given: Given; port: number; host: string }> {
  let found: { called: string; given: Given; port: number; host: string } | undefined
  const nouns = NOUNS.map((noun) => ({
    ...noun,
    verbs: Object.fromEntries(
      Object.entries(noun.verbs).map(([verb, command]): [string, Command] => {
        const run: Command['run'] = async (given, { config }) => {
          found = { called: pathOf(noun.name, verb), given, port: config.port, host: config.host }
          return null
        }
        return [verb, { ...command, run }]
      }),
    ),
  }))
  const terminal = { print: fail, printError: fail, printJson: () => fail('JSON'), write: fail, progress: fail }
  expect(await runCommandLine(words(line), { nouns, terminal })).toBe(0)
  if (!found) throw new Error('nothing ran')
  return found
}

describe('a command', () => {
  test.each(['', '--port 1', 'serve --port 1', '--port=1 serve'])(
    'serve is what happens without one: %s',
    async (line) => {
      expect(await givenBy(line)).toMatchObject({ called: 'serve', port: line === '' ? 7400 : 1 })
    },
  )

  test.each([
    '--port 1 device tag ID --add a --add b',
    'device --port 1 tag --add a ID --add=b',
    'device tag --add a --port 2 --add b --port 1 ID',
    'device tag --add a --add b --port 1 -- ID',
  ])('has its operands and options, and the settings wherever they stand: %s', async (line) => {
    const { called, given, port } = await givenBy(line)
    expect([called, given.operands, given.operand(0), given.operand(1)]).toEqual(['device tag', ['ID'], 'ID', ''])
    expect([port, given.texts('add'), given.texts('remove')]).toEqual([1, ['a', 'b'], []])
    expect([given.has('json'), given.text('add')]).toEqual([false, undefined])
  })

  test.each(['', '--json', '--no-wait', '--json --no-wait --dry-run --all'])('has its switches: %s', async (line) => {
    const { given } = await givenBy(`policy apply FILE ${line} --author ana`)
    expect(given.text('author')).toBe('ana')
    for (const name of ['json', 'no-wait', 'dry-run', 'all']) {
      expect([name, given.has(name)]).toEqual([name, line.includes(`--${name}`)])
    }
  })

  test('no setting has the name of its option, but for the host, which only that command reads', async () => {
    const options = NOUNS.flatMap(({ verbs }) => Object.values(verbs)).flatMap((it) => Object.keys(it.options ?? {}))
    expect(options.filter((name) => name in SETTING_FLAGS)).toEqual(['host'])
    const { given, host } = await givenBy('gateway create wiki --host a.example --port 1 --host b.example')
    expect([given.texts('host'), host]).toEqual([['a.example', 'b.example'], '127.0.0.1'])
    expect(await givenBy('device list --host localhost')).toMatchObject({ host: 'localhost' })
    expect(await givenBy('--host ::1 serve')).toMatchObject({ host: '::1' })
    expect((await givenBy('gateway create wiki')).given.texts('host')).toEqual([])
  })
})
