import { connect } from 'node:net'
import { MusterError } from '../shared/errors.ts'
import {
  parseLocalAnswer,
  type LocalAnswer,
  type LocalRequest,
  type LocalStatus,
  type RequestProof,
  type RequestToProve,
} from '../shared/local.ts'

const TIMEOUT_MS = 5000

/**
 * Asks the agent that listens on the socket for its status.
 * @throws MusterError `agent-not-running` where none answers
 */
export async function askStatus(path: string): Promise<LocalStatus> {
  const answer = await ask(path, { id: 1, method: 'status' })
  if ('ok' in answer) return answer.ok
  throw unknownAnswer(path)
}

/**
 * Asks it for the headers that prove a request to be of this device.
 * @throws MusterError `agent-not-running`, and what the agent answers, such as `stale`
 */
export async function askProof(path: string, request: RequestToProve): Promise<RequestProof> {
  const answer = await ask(path, { id: 1, method: 'prove', request })
  if ('proof' in answer) return answer.proof
  throw unknownAnswer(path)
}

function ask(path: string, request: LocalRequest): Promise<LocalAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const fail = (error: MusterError) => {
      socket.destroy()
      reject(error)
    }
    const lost = (why: string) => fail(new MusterError('agent-not-running', `${path}: ${why}`))
    let text = ''
    socket.setEncoding('utf8')
    socket.setTimeout(TIMEOUT_MS, () => lost('it took too long'))
    socket.once('error', (error) => lost(error.message))
    socket.once('close', () => lost('it closed the connection'))
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`))
    socket.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end < 0) return
      const answer = parseLocalAnswer(text.slice(0, end))
      if (!answer.ok) return fail(unknownAnswer(path))
      if ('error' in answer.value) return fail(new MusterError(answer.value.error.code, answer.value.error.message))
      resolve(answer.value)
      socket.destroy()
    })
  })
}

function unknownAnswer(path: string): MusterError {
  return new MusterError('agent-not-running', `${path}: it answers in a way that this version does not know`)
}
