import { connect } from 'node:net'
import { MusterError } from '../shared/errors.ts'
import { parseLocalAnswer, type LocalStatus } from '../shared/local.ts'

const TIMEOUT_MS = 5000

/**
 * Asks the agent that listens on the socket for its status.
 * @throws Error where none answers
 */
export function askStatus(path: string): Promise<LocalStatus> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const fail = (why: string) => {
      socket.destroy()
      reject(new MusterError('agent-not-running', `${path}: ${why}`))
    }
    let text = ''
    socket.setEncoding('utf8')
    socket.setTimeout(TIMEOUT_MS, () => fail('it took too long'))
    socket.once('error', (error) => fail(error.message))
    socket.once('close', () => fail('it closed the connection'))
    socket.once('connect', () => socket.write(`${JSON.stringify({ id: 1, method: 'status' })}\n`))
    socket.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end < 0) return
      const answer = parseLocalAnswer(text.slice(0, end))
      if (!answer.ok || !('ok' in answer.value)) return fail('it answers in a way that this version does not know')
      resolve(answer.value.ok)
      socket.destroy()
    })
  })
}
