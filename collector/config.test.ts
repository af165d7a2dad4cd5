import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-config-'))
  file = join(folder, 'collector.yaml')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('without anything it listens on loopback, with the standard folder and the shipped policy', () => {
  expect(readConfig({}, {})).toMatchObject({
    host: '127.0.0.1',
    port: 7400,
    folder: '/var/lib/muster/collector',
    policyFile: expect.stringMatching(/collector\/policy\.yaml$/) as string,
    tls: null,
    issuer: null,
  })
})

test('a flag wins over the environment, the environment over the file, the file over the defaults', () => {
  writeFileSync(file, 'port: 1001\nreportSeconds: 60\nlogLevel: warn\n')
  const env = { MUSTER_CONFIG: file, MUSTER_PORT: '1002', MUSTER_LOG_LEVEL: 'debug' }
  expect(readConfig({ port: '1003' }, env)).toMatchObject({ port: 1003, logLevel: 'debug', reportSeconds: 60 })
})

test('sources of the release catalogue are files and addresses, with pins', () => {
  writeFileSync(file, `releaseSources:\n  - https://feeds.example/a.json\n  - feeds/b.json#sha256=${'a'.repeat(64)}\n`)
  expect(readConfig({ config: file }, {}).releaseSources).toHaveLength(2)
  expect(readConfig({}, { MUSTER_RELEASE_SOURCES: 'a.json, b.json' }).releaseSources).toEqual(['a.json', 'b.json'])
  expect(readConfig({}, {})).toMatchObject({ releaseSources: [], releaseHours: 6 })
})

test('is frozen', () => {
  expect(Object.isFrozen(readConfig({}, {}))).toBe(true)
})

describe('what is not right is said, all of it in one report', () => {
  test.each<[string, Record<string, string>, Record<string, string>, RegExp]>([
    ['a number that is none', { port: 'x' }, {}, /port must be integer/],
    ['a number out of range', { port: '70000' }, {}, /port must be <= 65535/],
    ['a word that is none of those', { approval: 'maybe' }, {}, /approval must be one of: automatic, manual/],
    ['two at once', { port: 'x', approval: 'maybe' }, {}, /port .*; approval /],
    ['a variable with a slip', {}, { MUSTER_PROT: '1' }, /MUSTER_PROT is not a setting/],
    [
      'an address for others in clear',
      { host: '0.0.0.0' },
      {},
      /plain HTTP is served on loopback only.*issuer is needed/,
    ],
    ['an issuer in clear', { issuer: 'http://muster.example' }, {}, /issuer must be https/],
    ['half of TLS', { 'tls-cert': 'c.pem' }, {}, /tlsCert and tlsKey belong together/],
    ['a proxy without its address', { 'behind-proxy': 'true' }, {}, /behindProxy needs trustedProxies/],
    ['client certificates without TLS', { 'mutual-tls': 'true' }, {}, /mutualTls needs TLS of our own/],
    [
      'client certificates that a proxy would meet',
      { 'behind-proxy': 'true', 'trusted-proxies': '10.0.0.1' },
      { MUSTER_MUTUAL_TLS: 'true' },
      /mutualTls and behindProxy exclude each other/,
    ],
    [
      'a source in clear',
      { 'release-sources': 'http://feeds.example/a' },
      {},
      /releaseSources: http:.* an address is https/,
    ],
    [
      'a source with a wrong pin',
      {},
      { MUSTER_RELEASE_SOURCES: 'a.json#sha256=1' },
      /releaseSources: a\.json: .*no SHA-256/,
    ],
    ['a source twice', { 'release-sources': 'a.json,a.json' }, {}, /releaseSources names a source twice/],
    ['no hours', { 'release-hours': '0' }, {}, /releaseHours must be >= 1/],
    ['a file that is not there', { config: '/nowhere.yaml' }, {}, /\/nowhere\.yaml cannot be read/],
  ])('%s', (_name, flags, env, problem) => {
    expect(() => readConfig(flags, env)).toThrow(problem)
  })

  test.each([
    [
      'an unknown key, with the nearest known one',
      'polcy: x\nport: 1\n',
      /polcy is not a setting; did you mean "policy"\?/,
    ],
    ['broken YAML', 'port: [1\n', /collector\.yaml: /],
    ['a list', '- port\n', /is not a list of settings/],
    ['a wrong type', 'port: "7400"\n', /port must be integer/],
  ])('in a file: %s', (_name, yaml, problem) => {
    writeFileSync(file, yaml)
    expect(() => readConfig({ config: file }, {})).toThrow(problem)
  })
})

test('behind a proxy that is named, others may connect in clear', () => {
  const flags = {
    host: '10.0.0.5',
    'behind-proxy': 'true',
    'trusted-proxies': '10.0.0.1, 10.0.0.2',
    issuer: 'https://muster.example',
  }
  expect(readConfig(flags, {}).trustedProxies).toEqual(['10.0.0.1', '10.0.0.2'])
})

test('the variables of the agent are none of ours', () => {
  expect(readConfig({}, { MUSTER_SOCKET: '/run/x', PATH: '/bin' }).port).toBe(7400)
})
