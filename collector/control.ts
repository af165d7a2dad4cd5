import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import type { TSchema } from 'typebox'
import { MusterError } from '../shared/errors.ts'
import { keysOf, parserOf } from '../shared/schema.ts'
import { ACTS, type ActInput, type ActName, type ActsAs } from './acts/all.ts'
import { POLICY_CHARS } from './appraisal/policy-document.ts'
import { POINTER, USER_HEADER } from './control-client.ts'

/** Most systems refuse a longer path for a socket (107 bytes on Linux, 103 on macOS). */
const SOCKET_BYTES = 100
/** A policy takes up to six bytes a character as JSON. */
const BODY_BYTES = 6 * POLICY_CHARS + 1000

/** Only the collector's own user, and root, reach the socket: who says to be somebody else there could write the log anew. */
function userIn({ [USER_HEADER]: user }: IncomingHttpHeaders): string {
  return typeof user === 'string' ? `user ${decodeURIComponent(user)}` : 'user unknown'
}

/** Opens the socket of a running collector in its folder; only its own user can reach it. */
export async function openControl(folder: string, actsAs: ActsAs): Promise<{ close(): Promise<void> }> {
  const usual = join(folder, 'control.sock')
  const elsewhere = Buffer.byteLength(usual) > SOCKET_BYTES ? mkdtempSync(join(tmpdir(), 'muster-')) : null
  const path = elsewhere ? join(elsewhere, 'control.sock') : usual
  rmSync(path, { force: true })
  const app = Fastify({ bodyLimit: BODY_BYTES })
  app.setValidatorCompiler<TSchema>(({ schema }) => {
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
  for (const name of keysOf(ACTS)) {
    app.post<{ Body: ActInput<ActName> }>(`/${name}`, { schema: { body: ACTS[name].input } }, ({ body, headers }) =>
      actsAs(userIn(headers))(name, body),
    )
  }
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
