import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { ERRORS, type ErrorCode } from '../../shared/errors.ts'
import { problemOf } from './problem.ts'

type Problem = { code: ErrorCode; detail: string; status: number }

const MALFORMED: Problem = {
  code: 'request-invalid',
  detail: 'what came is not a request of HTTP/1.1',
  status: ERRORS['request-invalid'].status,
}
/** What Node found of a request before there was one. */
const BY_CODE: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: { code: 'message-too-large', detail: 'the headers have more than 16 KB', status: 431 },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'request-invalid', detail: 'the request did not come to its end', status: 408 },
}

/** Answers what could not even be read as a request, in the words that everything else is refused in; nothing of it is logged. */
export function answerUnread({ code = '' }: Error & { code?: string }, socket: Socket): void {
  if (code !== 'ECONNRESET' && socket.writable) {
    const { code: known, detail, status } = BY_CODE[code] ?? MALFORMED
    const body = JSON.stringify(problemOf(known, detail, status))
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  }
  socket.destroy()
}

/** Answers a request that expects of us what nobody knows (RFC 9110, section 10.1.1). */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const detail = 'the header Expect asks for something else than 100-continue'
  const body = JSON.stringify(problemOf('request-invalid', detail, 417))
  const headers = { 'content-type': 'application/problem+json', 'content-length': Buffer.byteLength(body) }
  response.writeHead(417, { ...headers, connection: 'close' }).end(body)
}
