import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testCollector, type TestCollector } from '../fakes/collector.ts'

let collector: TestCollector
beforeAll(async () => (collector = await testCollector()))
afterAll(() => collector.close())

/** What is answered to these bytes, up to the end of the connection. */
function answer(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(collector.port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    socket.setEncoding('utf8').on('data', (data: string) => (text += data))
    socket.on('close', () => resolve(text))
    socket.on('error', () => undefined)
  })
}

const REST = 'HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
const PATH = '/v1/forward-auth/internal'

test.each([
  ['what is no HTTP', '\x16\x03\x01\x02\x00\x01\r\n\r\n', 400, 'request-invalid'],
  ['a method that nobody knows', `STEAL ${PATH} ${REST}\r\n`, 400, 'request-invalid'],
  ['a control character in the path', `GET ${PATH}/\f ${REST}\r\n`, 400, 'request-invalid'],
  ['a control character in a header', `GET ${PATH} ${REST}X-Forwarded-Uri: /\x01\r\n\r\n`, 400, 'request-invalid'],
  ['a header on two lines', `GET ${PATH} ${REST}X-Forwarded-Uri: /a\r\n /b\r\n\r\n`, 400, 'request-invalid'],
  [
    'two lengths',
    `POST ${PATH} ${REST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
    'request-invalid',
  ],
  ['what nobody can do', `POST ${PATH} ${REST}Expect: the-best\r\nContent-Length: 1\r\n\r\n`, 417, 'request-invalid'],
  ['a path that cannot be decoded', `GET ${PATH}/%ff ${REST}\r\n`, 400, 'path-refused'],
  ['half an encoded character', `GET /v1/devices/%f ${REST}\r\n`, 400, 'path-refused'],
  ['a device id without end', `GET /v1/devices/${'a'.repeat(400)} ${REST}\r\n`, 400, 'request-invalid'],
  ['headers without end', `GET ${PATH} ${REST}Cookie: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'message-too-large'],
  ['a path without end', `GET ${PATH}/${'a'.repeat(20_000)} ${REST}\r\n`, 431, 'message-too-large'],
])('%s is refused in the words of everything else', async (_name, bytes, status, code) => {
  const [head = '', body = ''] = (await answer(bytes)).split('\r\n\r\n')
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(head).toMatch(/content-type: application\/problem\+json/i)
  expect(JSON.parse(body)).toMatchObject({ status, code, type: `urn:muster:error:${code}`, fix: expect.any(String) })
})
