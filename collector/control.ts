import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { Type, type Static } from 'typebox'
import { ERRORS, MusterError } from '../shared/errors.ts'
import { jsonParserOf, keysOf, nullable, oneOf, parserOf, strict, text } from '../shared/schema.ts'
import { createToken, type Address } from './enrollment.ts'
import type { Gateways } from './gateways.ts'
import { SCOPES, type Store } from './store/store.ts'

/** The acts of the command line: what each takes, in one place for both ends of the socket. */
const ACTS = {
  'token-create': strict({
    uses: Type.Integer({ minimum: 1, maximum: 100_000 }),
    lifeSeconds: Type.Integer({ minimum: 60, maximum: 366 * 86_400 }),
    tags: Type.Array(text(60), { maxItems: 32 }),
    owner: nullable(text(200)),
  }),
  'gateway-create': strict({
    name: Type.String({ minLength: 1, maxLength: 100 }),
    scopes: Type.Array(oneOf(SCOPES), { minItems: 1 }),
  }),
} as const
export type ActName = keyof typeof ACTS
export type ActInput = { [Act in ActName]: Static<(typeof ACTS)[Act]> }

/** What an act answers, for a person or a script to read. */
export type ActResult = Record<string, string | string[]>
export type Acts = { [Act in ActName]: (input: ActInput[Act]) => Promise<ActResult> }

/** The acts themselves: the same on a running collector and on a stopped one. */
export function actsOf(parts: { store: Store; gateways: Gateways; address: Address; clock: () => Date }): Acts {
  const { store, gateways, address, clock } = parts
  return {
    async 'token-create'({ uses, lifeSeconds, tags, owner }) {
      const options = { uses, lifeMs: lifeSeconds * 1000, tags, owner }
      return { enrollment: await createToken(store, address, options, clock()) }
    },
    async 'gateway-create'({ name, scopes }) {
      const { gateway, key } = await gateways.create(name, scopes)
      return { id: gateway.id, name, scopes, key }
    },
  }
}

/** Most systems refuse a longer path for a socket (107 bytes on Linux, 103 on macOS). */
const SOCKET_BYTES = 100
const POINTER = 'control.path'

/** Opens the socket of a running collector in its folder; only its own user can reach it. */
export async function openControl(folder: string, acts: Acts): Promise<{ close(): Promise<void> }> {
  const usual = join(folder, 'control.sock')
  const elsewhere = Buffer.byteLength(usual) > SOCKET_BYTES ? mkdtempSync(join(tmpdir(), 'muster-')) : null
  const path = elsewhere ? join(elsewhere, 'control.sock') : usual
  rmSync(path, { force: true })
  const app = Fastify()
  app.setValidatorCompiler<(typeof ACTS)[ActName]>(({ schema }) => {
    const parse = parserOf(schema)
    return (input: unknown) => {
      const parsed = parse(input)
      return parsed.ok ? { value: parsed.value } : { error: new MusterError('request-invalid', parsed.problem) }
    }
  })
  app.setErrorHandler((error: Error, _request, reply) => {
    const { code, message } = error instanceof MusterError ? error : new MusterError('internal', error.message)
    return reply.code(400).send({ code, detail: message })
  })
  app.post<{ Body: ActInput['token-create'] }>(
    '/token-create',
    { schema: { body: ACTS['token-create'] } },
    ({ body }) => acts['token-create'](body),
  )
  app.post<{ Body: ActInput['gateway-create'] }>(
    '/gateway-create',
    { schema: { body: ACTS['gateway-create'] } },
    ({ body }) => acts['gateway-create'](body),
  )
  await app.listen({ path })
  chmodSync(path, 0o600)
  writeFileSync(join(folder, POINTER), path, { mode: 0o600 })
  return {
    async close() {
      await app.close()
      rmSync(join(folder, POINTER), { force: true })
      if (elsewhere) rmSync(elsewhere, { recursive: true, force: true })
    },
  }
}

const parseResult = jsonParserOf(Type.Record(Type.String(), Type.Union([Type.String(), Type.Array(Type.String())])))
const parseProblem = jsonParserOf(Type.Object({ code: oneOf(keysOf(ERRORS)), detail: Type.String() }))

/**
 * Asks the collector that runs on this folder; null where none does.
 * @throws MusterError with the code that it answered
 */
export async function askRunning<Act extends ActName>(
  folder: string,
  act: Act,
  input: ActInput[Act],
): Promise<ActResult | null> {
  let path: string
  try {
    path = readFileSync(join(folder, POINTER), 'utf8')
  } catch {
    // No pointer: no collector has opened its socket here.
    return null
  }
  const answer = await post(path, `/${act}`, JSON.stringify(input))
  if (answer === null) return null
  if (answer.status === 200) {
    const result = parseResult(answer.body)
    if (result.ok) return result.value
  }
  const problem = parseProblem(answer.body)
  if (problem.ok) throw new MusterError(problem.value.code, problem.value.detail)
  throw new MusterError('internal', `the collector answered ${answer.status}`)
}

function post(socketPath: string, path: string, body: string): Promise<{ status: number; body: string } | null> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method: 'POST', headers: { 'content-type': 'application/json' } })
    call.on('error', (error) => {
      const gone = 'code' in error && (error.code === 'ENOENT' || error.code === 'ECONNREFUSED')
      if (gone) resolve(null)
      else reject(error)
    })
    call.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
    })
    call.end(body)
  })
}
