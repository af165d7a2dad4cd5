import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from 'typebox'
import { jsonParserOf } from '../../shared/schema.ts'
import { askCollector } from './collector-api.ts'
import { runCommand } from './programs.ts'

const parseQuickstart = jsonParserOf(Type.Object({ gatewayKey: Type.String() }))
const parseKey = jsonParserOf(Type.Object({ key: Type.String() }))
const parseToken = jsonParserOf(Type.Object({ enrollment: Type.String() }))

export type Access = {
  gatewayKey: string
  /** For this machine. */
  enrollment: string
  /** For the next laptop; told in quickstart.json. */
  nextEnrollment: string
}

/** What a first user needs, made with the commands that an admin would use. A gateway key that still verifies is kept. */
export async function prepareAccess(data: string, url: string): Promise<Access> {
  const [gatewayKey, enrollment, nextEnrollment] = await Promise.all([
    keptKey(data, url).then((kept) => kept ?? newKey(data)),
    newEnrollment(data),
    newEnrollment(data),
  ])
  return { gatewayKey, enrollment, nextEnrollment }
}

async function keptKey(data: string, url: string): Promise<string | null> {
  const file = join(data, 'quickstart.json')
  const quickstart = existsSync(file) ? parseQuickstart(readFileSync(file, 'utf8')) : null
  if (!quickstart?.ok) return null
  const { gatewayKey } = quickstart.value
  return (await askCollector(url, gatewayKey).knowsKey()) ? gatewayKey : null
}

async function newKey(data: string): Promise<string> {
  const scopes = ['decide', 'vouch', 'events'].flatMap((scope) => ['--scope', scope])
  const answer = parseKey(
    await runCommand(['collector/main.ts', 'gateway', 'create', 'quick-start', ...scopes, '--data', data, '--json']),
  )
  if (!answer.ok) throw new Error(`the collector made no gateway key: ${answer.problem}`)
  return answer.value.key
}

async function newEnrollment(data: string): Promise<string> {
  const answer = parseToken(await runCommand(['collector/main.ts', 'token', 'create', '--data', data, '--json']))
  if (!answer.ok) throw new Error(`the collector made no enrolment token: ${answer.problem}`)
  return answer.value.enrollment
}
