import { describe, expect, test } from 'vitest'
import { readConfig, type Config } from './config.ts'

type Flags = { data?: string; socket?: string }
type Env = Record<string, string>
type Where = { platform: NodeJS.Platform; isRoot: boolean }

const ROOT = { platform: 'linux', isRoot: true } as const
const USER = { platform: 'linux', isRoot: false } as const

describe('readConfig', () => {
  const cases: { name: string; flags: Flags; env: Env; where: Where; expected: Config }[] = [
    {
      name: 'root, nothing said',
      flags: {},
      env: {},
      where: ROOT,
      expected: { data: '/var/lib/muster', socket: null, defaultSocket: '/run/muster/agent.sock' },
    },
    {
      name: 'a user, nothing said',
      flags: {},
      env: { XDG_STATE_HOME: '/home/ada/.state' },
      where: USER,
      expected: {
        data: '/home/ada/.state/muster',
        socket: null,
        defaultSocket: '/home/ada/.state/muster/agent/agent.sock',
      },
    },
    {
      name: 'a data folder of its own brings a socket of its own, for root too',
      flags: { data: '/srv/two' },
      env: {},
      where: ROOT,
      expected: { data: '/srv/two', socket: null, defaultSocket: '/srv/two/agent/agent.sock' },
    },
    {
      name: 'the environment',
      flags: {},
      env: { MUSTER_DATA: '/a', MUSTER_SOCKET: '/b.sock', MUSTER_PORT: '7400' },
      where: ROOT,
      expected: { data: '/a', socket: '/b.sock', defaultSocket: '/a/agent/agent.sock' },
    },
    {
      name: 'flags before the environment',
      flags: { data: '/c', socket: '/d.sock' },
      env: { MUSTER_DATA: '/a', MUSTER_SOCKET: '/b.sock' },
      where: USER,
      expected: { data: '/c', socket: '/d.sock', defaultSocket: '/c/agent/agent.sock' },
    },
    {
      name: 'a Mac',
      flags: {},
      env: {},
      where: { platform: 'darwin', isRoot: true } as const,
      expected: {
        data: '/Library/Application Support/Muster',
        socket: null,
        defaultSocket: '/var/run/muster/agent.sock',
      },
    },
  ]
  for (const { name, flags, env, where, expected } of cases) {
    test(`configured by ${name}`, () => expect(readConfig(flags, env, where)).toEqual(expected))
  }

  test('empty paths are refused, all in one report', () => {
    expect(() => readConfig({ data: '', socket: ' ' }, {}, USER)).toThrow('data and socket: a path is needed.')
    expect(() => readConfig({}, { MUSTER_DATA: '' }, USER)).toThrow(/^data:/)
  })
})
