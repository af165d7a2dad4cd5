import { execFile, execFileSync, fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { connectedClient, enrolledClient, type Client } from '../../test/fakes/client.ts'
import { testCollector, type TestCollector } from '../../test/fakes/collector.ts'
import { healthyFacts } from '../../test/fakes/facts.ts'
import { bundleGateway } from './gateway-bundle.ts'

const ROOT = join(import.meta.dirname, '../..')
const MODULES = join(ROOT, 'node_modules')
const execute = promisify(execFile)

/** The programs of the page, by the names that it gives them. */
const page = readFileSync(join(ROOT, 'docs/gateway-library.md'), 'utf8')
const programs = new Map(
  [...page.matchAll(/^```(?:js|ts) (\S+)\n(.*?)^```/gms)].map(([, name = '', it = '']) => [name, it]),
)

/** The machine's own Node, which may be as old as the package allows, besides the one that the tests run on. */
const runtimes = [...new Set([process.execPath, ...systemNode()])].map((path) => ({ path, version: versionOf(path) }))

let folder = ''
let collector: TestCollector
let client: Client
let gatewayKey = ''
let server: ChildProcess | null = null

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-gateway-'))
  await bundleGateway(join(folder, 'dist'))
  npm('pack', './dist')
  mkdirSync(join(folder, 'app'))
  writeFileSync(join(folder, 'app', 'package.json'), '{ "private": true }')
  npm(
    'install',
    '--prefix',
    'app',
    '--offline',
    '--no-audit',
    `muster-${packageJson.version}.tgz`,
    join(MODULES, 'jose'),
  )

  collector = await testCollector()
  gatewayKey = await collector.gatewayKey('decide')
  client = await enrolledClient(await collector.enrollment())
  await (await connectedClient(client)).report(healthyFacts(new Date()))
}, 60_000)
afterEach(() => {
  server?.kill()
})
afterAll(async () => {
  await collector.close()
  rmSync(folder, { recursive: true, force: true })
})

/** npm as it runs us, or the one on the path. */
function npm(...args: string[]): void {
  const own = process.env['npm_execpath']
  const [program, first] = own ? [process.execPath, [own]] : ['npm', []]
  execFileSync(program, [...first, ...args, '--loglevel=error'], {
    cwd: folder,
    shell: program === 'npm',
    stdio: 'pipe',
  })
}

function systemNode(): string[] {
  const path = process.platform === 'win32' ? '' : '/usr/bin/node'
  try {
    return Number(versionOf(path).slice(1).split('.')[0]) >= 20 ? [path] : []
  } catch {
    return []
  }
}

function versionOf(node: string): string {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
}

/** The folder of somebody who uses the library. */
const app = () => join(folder, 'app')
const text = (name: string) => readFileSync(join(app(), 'node_modules/muster', name), 'utf8')

describe('the package', () => {
  test('says what it is, and needs jose alone', () => {
    const { version, license } = packageJson
    const entry = { types: './gateway.d.ts', default: './gateway.js' }
    expect(JSON.parse(text('package.json'))).toMatchObject({
      name: 'muster',
      version,
      license,
      type: 'module',
      engines: { node: '>=20' },
      exports: { '.': entry, './gateway': entry },
      types: './gateway.d.ts',
      dependencies: { jose: packageJson.dependencies.jose },
    })
    expect(Object.keys(JSON.parse(text('package.json')))).not.toContain('private')
    const imported = [...text('gateway.js').matchAll(/^import .*? from "(.*?)";$/gm)].map(([, name]) => name)
    expect(new Set(imported)).toEqual(new Set(['jose', 'node:crypto', 'node:zlib']))
    expect(text('gateway.js')).not.toMatch(/\brequire\(|\bimport\(/)
  })

  test('holds what it has to, and nothing else', () => {
    const names = readdirSync(join(folder, 'app/node_modules/muster'))
    const files = ['LICENSE', 'LICENSES.txt', 'README.md', 'gateway.d.ts', 'gateway.js', 'package.json']
    expect(names.toSorted()).toEqual(files)
    expect(text('LICENSES.txt')).toContain('node_modules/typebox\n\n')
  })

  test('declares its types without those of anybody else', () => {
    expect(text('gateway.d.ts')).not.toMatch(/\bimport\b.*['"(]|typebox|shared\/|\.\.\/|<reference/)
  })

  test('satisfies the compiler at its strictest, in the program of the page', () => {
    writeFileSync(join(app(), 'typed.ts'), programs.get('typed.ts') ?? '')
    const types = { types: ['node'], typeRoots: [join(MODULES, '@types')] }
    const strict = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noUnusedLocals: true,
    }
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      noEmit: true,
      skipLibCheck: false,
      ...strict,
      ...types,
    }
    writeFileSync(join(app(), 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts', 'wrong.ts'] }))
    writeFileSync(
      join(app(), 'wrong.ts'),
      `import { createVerifier, fastifyGuard } from 'muster'
createVerifier({})
fastifyGuard(createVerifier({ issuer: 'https://muster.example.com' }), { tier: 'internal' })
`,
    )
    // What is wrong has to be found, or nothing was looked at.
    expect(compilerSays()).toEqual(['wrong.ts(2,16): error TS2741', 'wrong.ts(3,72): error TS2741'])
  })
})

function compilerSays(): string[] {
  try {
    execFileSync(process.execPath, [join(MODULES, 'typescript/bin/tsc'), '--project', app()], {
      cwd: app(),
      stdio: 'pipe',
    })
    return []
  } catch (error) {
    const { stdout } = error as { stdout: Buffer }
    return [...stdout.toString().matchAll(/^\S.*? error TS\d+/gm)].map(([it]) => it)
  }
}

describe.each(runtimes)('the programs of docs/gateway-library.md, on Node $version', ({ path }) => {
  /** Starts a program that listens, and returns where. */
  async function started(name: string): Promise<string> {
    const port = await freePort()
    const told = `data:text/javascript,${encodeURIComponent(TELL)}`
    server = fork(written(name, port), { execPath: path, execArgv: ['--import', told], silent: true })
    await once(server, 'message')
    return `http://127.0.0.1:${port}`
  }

  /** Runs a program to its end. Without blocking: the collector that it asks lives in this process. */
  async function run(name: string, ...args: string[]): Promise<string> {
    const { stdout, stderr } = await execute(path, [written(name), ...args], { cwd: app() })
    expect(stderr).toBe('')
    return stdout.trim()
  }

  test.each(['server.mjs', 'express.mjs', 'fastify.mjs', 'other.mjs'])('%s protects its route', async (name) => {
    installed('fastify')
    installed('express')
    const at = await started(name)
    const refused = await fetch(`${at}/wiki`)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toBe('DPoP algs="ES256"')
    expect(await refused.json()).toMatchObject({ code: 'device-not-named' })
    const hello = name === 'fastify.mjs' ? '200 Hello.' : `200 Hello ${client.deviceId}.`
    expect(await run('client.mjs', dataFolder(), `${at}/wiki`)).toBe(hello)
  })

  test('server.mjs does not take the key of another device for that of this one', async () => {
    installed('fastify')
    const at = await started('server.mjs')
    const thief = await enrolledClient(await collector.enrollment())
    expect(await run('client.mjs', dataFolder(thief.device), `${at}/wiki`)).toMatch(/^401 .*"code":"proof-invalid"/)
  })

  test('verify.mjs says what holds', async () => {
    const headers = { authorization: `Bearer ${gatewayKey}` }
    const url = `${collector.issuerUrl}/v1/devices/${client.deviceId}/attestation`
    const attestation = await (await fetch(url, { headers })).text()
    expect(await run('verify.mjs', attestation)).toMatch(new RegExp(`^${client.deviceId} \\[ 'public', 'internal'`))
    expect(await run('verify.mjs', `${attestation}A`)).toMatch(/^token-malformed /)
  })
})

/** What a quick start leaves in its data folder. */
function dataFolder(device = client.device): string {
  const data = mkdtempSync(join(folder, 'data-'))
  mkdirSync(join(data, 'agent'))
  writeFileSync(join(data, 'agent/key.pem'), device.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const quickstart = { collectorUrl: collector.issuerUrl, deviceId: client.deviceId, gatewayKey }
  writeFileSync(join(data, 'quickstart.json'), JSON.stringify(quickstart))
  return data
}

/** As the page has it, but for where the collector and the server are. */
function written(name: string, port = 3000): string {
  const file = join(app(), name)
  const program = programs.get(name)?.replaceAll('http://127.0.0.1:7400', collector.issuerUrl) ?? ''
  writeFileSync(file, program.replaceAll('3000', String(port)))
  return file
}

/** Puts a package into the folder: Fastify as it is, and of Express how it calls what it is given. */
function installed(name: 'fastify' | 'express'): void {
  const place = join(app(), 'node_modules', name)
  rmSync(place, { recursive: true, force: true })
  if (name === 'fastify') return symlinkSync(join(MODULES, name), place, 'junction')
  mkdirSync(place)
  writeFileSync(join(place, 'package.json'), '{ "name": "express", "type": "module", "exports": "./express.js" }')
  writeFileSync(join(place, 'express.js'), EXPRESS)
}

/** Tells whoever started a program that it listens. */
const TELL = `
import { Server } from 'node:net'
const { listen } = Server.prototype
Server.prototype.listen = function (...args) {
  this.once('listening', () => process.send('listening'))
  return listen.apply(this, args)
}
`

/** The part of Express that the page uses: what stands in front of a handler is called in turn. */
const EXPRESS = `
import { createServer } from 'node:http'
export default function express() {
  const routes = new Map()
  const server = createServer((req, res) => {
    const handlers = [...(routes.get(req.url.split('?')[0]) ?? [])]
    req.originalUrl = req.url
    const next = (error) => {
      const handler = error === undefined ? handlers.shift() : undefined
      if (handler) handler(req, res, next)
      else res.writeHead(error === undefined ? 404 : 500).end()
    }
    next()
  })
  return { get: (path, ...handlers) => routes.set(path, handlers), listen: (...args) => server.listen(...args) }
}
`

async function freePort(): Promise<number> {
  const it = createServer().listen(0, '127.0.0.1')
  await once(it, 'listening')
  const { port } = it.address() as AddressInfo
  it.close()
  return port
}
