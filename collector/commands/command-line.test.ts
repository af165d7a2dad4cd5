import { describe, expect, test } from 'vitest'
import { SETTING_FLAGS } from '../config.ts'
import { NOUNS } from './all.ts'
import { UsageError } from './command.ts'
import { readCommandLine } from './command-line.ts'

const read = (line: string) => readCommandLine(line.split(' ').filter(Boolean), NOUNS)

describe('wrong usage, with what was probably meant', () => {
  const cases: [line: string, problem: RegExp][] = [
    ['polcy list', /no command "polcy"; did you mean "policy"\?$/],
    ['policy aply', /no command "policy aply"; did you mean "apply"\?$/],
    ['policy', /policy needs one of: apply, rollback, list, show, diff$/],
    ['policy apply', /policy apply needs FILE$/],
    ['policy apply a b', /does not know what to do with "b"$/],
    ['policy apply a --dry-rnu', /no option --dry-rnu; did you mean "--dry-run"\?$/],
    ['policy list --dry-run', /policy list has no option --dry-run$/],
    ['policy list --xyzzy', /policy list has no option --xyzzy$/],
    ['policy list -x', /no option -x/],
    ['policy apply a --author', /--author/],
    ['serve now', /serve does not know what to do with "now"$/],
    ['exception grant --tag lab', /exception grant needs --check, --reason, --expires$/],
    ['constructor', /no command "constructor"/],
    ['policy toString', /no command "policy toString"/],
    ['policy list --toString', /no option --toString/],
    ['device show', /device show needs ID$/],
    ['token create --uses', /--uses/],
  ]
  test.each(cases)('%s', (line, problem) => {
    expect(() => read(line)).toThrow(UsageError)
    expect(() => read(line)).toThrow(problem)
  })
})

describe('help and version', () => {
  test.each(['--help', '-h', '--help --data x'])('%s tells of everything', (line) => {
    expect(read(line)).toEqual({ kind: 'help', noun: null })
  })
  test.each(['policy --help', 'policy apply --help', 'policy apply -h', 'policy nonsense --help', '-h policy'])(
    '%s tells of the noun',
    (line) => {
      expect(read(line)).toMatchObject({ kind: 'help', noun: { name: 'policy' } })
    },
  )
  test('--version', () => {
    expect(read('policy --version')).toEqual({ kind: 'version' })
  })
})

describe('a command', () => {
  test('serve is what happens without one, with the settings', () => {
    const line = read('--data there --port 1 --trusted-proxies a,b')
    expect(line).toMatchObject({ kind: 'command', settings: { data: 'there', port: '1', 'trusted-proxies': 'a,b' } })
    expect(line).toMatchObject({ command: NOUNS.find(({ name }) => name === 'serve')?.verbs[''] })
  })

  test('has its operands and options, wherever they stand', () => {
    for (const order of ['--data d device tag ID --add a --add b', 'device --add a tag --data d ID --add b']) {
      const line = read(order)
      if (line.kind !== 'command') throw new Error(line.kind)
      expect(line.settings).toEqual({ data: 'd' })
      expect(line.given.operands).toEqual(['ID'])
      expect(line.given.texts('add')).toEqual(['a', 'b'])
      expect([line.given.texts('remove'), line.given.has('json'), line.given.text('add')]).toEqual([
        [],
        false,
        undefined,
      ])
    }
  })
})

test('an option is of one type wherever it is taken, and no setting has its name', () => {
  const types = new Map<string, string>()
  const options = NOUNS.flatMap(({ verbs }) => Object.values(verbs)).flatMap((it) => Object.entries(it.options ?? {}))
  for (const [name, { type }] of options) {
    // Whether a value follows has to be known before the command is.
    expect([name, types.get(name) ?? type]).toEqual([name, type])
    expect(SETTING_FLAGS).not.toContain(name)
    types.set(name, type)
  }
})
