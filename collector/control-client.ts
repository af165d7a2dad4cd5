import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { Type, type TSchema } from 'typebox'
import { ERRORS, MusterError } from '../shared/errors.ts'
import { jsonParserOf, keysOf, oneOf } from '../shared/schema.ts'
import { ACTS, type ActAnswer, type ActInput, type ActName } from './acts/all.ts'

/** The file of a collector's folder that says where its socket is. */
export const POINTER = 'control.path'
/** Who is at the command line, percent-encoded. */
export const USER_HEADER = 'muster-user'

const parseProblem = jsonParserOf(Type.Object({ code: oneOf(keysOf(ERRORS)), detail: Type.String() }))

/**
 * Asks the collector that runs on this folder; null where none does.
 * @throws MusterError with the code that it answered
 */
export async function askRunning<Name extends ActName>(
  folder: string,
  name: Name,
  input: ActInput<Name>,
  user = 'unknown',
): Promise<ActAnswer<Name> | null> {
  let path: string
  try {
    path = readFileSync(join(folder, POINTER), 'utf8')
  } catch {
    // No pointer: no collector has opened its socket here.
    return null
  }
  const answer = await post(path, `/${name}`, JSON.stringify(input), user)
  if (answer === null) return null
  if (answer.status === 200) return readAnswer(name, answer.body)
  if (answer.status === 404) throw otherRelease(`it knows no act ${name}`)
  const problem = parseProblem(answer.body)
  if (problem.ok) throw new MusterError(problem.value.code, problem.value.detail)
  throw new MusterError('internal', `the collector answered ${answer.status}`)
}

const otherRelease = (why: string) =>
  new MusterError('internal', `the collector that runs is of another release: ${why}`)

function readAnswer<Name extends ActName>(name: Name, body: string): ActAnswer<Name> {
  const schema: TSchema = ACTS[name].answer
  const answer = jsonParserOf(schema)(body)
  if (!answer.ok) throw otherRelease(`its answer cannot be read, ${answer.problem}`)
  // The schema of this act has admitted it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return answer.value as ActAnswer<Name>
}

type Answer = { status: number; body: string }

function post(socketPath: string, path: string, body: string, user: string): Promise<Answer | null> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', [USER_HEADER]: encodeURIComponent(user) }
    const call = request({ socketPath, path, method: 'POST', headers })
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
