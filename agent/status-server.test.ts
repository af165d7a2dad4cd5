import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MusterError } from '../shared/errors.ts'
import { parseLocalAnswer, type LocalAnswer, type RequestToProve } from '../shared/local.ts'
import { programRunner } from './host/run.ts'
import { askProof, askStatus } from './status-client.ts'
import { openStatusServer, type StatusServer } from './status-server.ts'
import { openStatus } from './status.ts'

let folder = ''
let path = ''
let server: StatusServer | null = null
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-socket-'))
  path = join(folder, 'agent.sock')
})
afterEach(async () => {
  await server?.close()
  server = null
  rmSync(folder, { recursive: true, force: true })
})

const clock = () => new Date('2026-05-04T10:00:00Z')

function fakeAgent() {
  const board = openStatus({ version: '1', collectorUrl: 'http://127.0.0.1:7400', deviceId: 'dev_x' }, clock)
  let checks = 0
  return {
    board,
    checks: () => checks,
    status: board.now,
    onStatus: board.onChange,
    async checkAgain() {
      checks += 1
      board.update({ readAt: '2026-05-04T10:00:01Z' })
    },
    async prove({ url, method, nonce }: RequestToProve) {
      if (url.includes('stale')) throw new MusterError('stale', 'nothing lately')
      return { authorization: 'DPoP a', dpop: `${method} ${url} ${nonce}` }
    },
  }
}

async function serve(at = path) {
  server = await openStatusServer(at)
  const agent = fakeAgent()
  server.serve(agent)
  return agent
}

/** A client: says lines and hears answers. */
function client(at: string) {
  const socket = connect(at)
  const answers: LocalAnswer[] = []
  let closed = false
  let text = ''
  socket.setEncoding('utf8')
  socket.on('error', () => undefined)
  socket.on('close', () => (closed = true))
  socket.on('data', (chunk: string) => {
    text += chunk
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const answer = parseLocalAnswer(text.slice(0, end))
      if (!answer.ok) throw new Error(answer.problem)
      answers.push(answer.value)
      text = text.slice(end + 1)
    }
  })
  return { socket, answers, isClosed: () => closed, say: (line: string) => socket.write(line) }
}

describe('requests', () => {
  test('status is answered with the id of the request', async () => {
    await serve()
    const { say, answers, socket } = client(path)
    say('{"id":7,"method":"status"}\n{"id":"a","met')
    say('hod":"status"}\n')
    await expect.poll(() => answers.length).toBe(2)
    expect(answers).toMatchObject([
      { id: 7, ok: { version: '1', deviceId: 'dev_x', connection: { state: 'connecting' } } },
      { id: 'a' },
    ])
    socket.destroy()
  })

  test('watch tells of each change, also where it is asked for twice', async () => {
    const { board } = await serve()
    const { say, answers, socket } = client(path)
    say('{"id":1,"method":"watch"}\n{"id":2,"method":"watch"}\n')
    await expect.poll(() => answers.length).toBe(2)
    board.connection('waiting', { words: 'no network' })
    await expect.poll(() => answers.length).toBe(3)
    expect(answers[2]).toMatchObject({
      event: 'status',
      status: { connection: { state: 'waiting', words: 'no network' } },
    })
    socket.destroy()
  })

  test('check-again is answered when the reading is done', async () => {
    const agent = await serve()
    const { say, answers, socket } = client(path)
    say('{"id":1,"method":"check-again"}\n')
    await expect.poll(() => answers.length).toBe(1)
    expect(answers[0]).toMatchObject({ id: 1, ok: { readAt: '2026-05-04T10:00:01Z' } })
    expect(agent.checks()).toBe(1)
    socket.destroy()
  })

  const hostile = [
    'garbage\n',
    '\n',
    '{}\n',
    'null\n',
    '{"id":1,"method":"sign"}\n',
    '{"id":1,"method":"status","more":1}\n',
    '{"id":-1,"method":"status"}\n',
    '{"id":{},"method":"status"}\n',
    '{"method":"status"}\n',
    `{"id":"${'x'.repeat(5000)}","method":"status"}\n`,
    'x'.repeat(100_000),
    '\0'.repeat(5000),
    'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
  ]
  for (const line of hostile) {
    test(`${JSON.stringify(line.slice(0, 40))} is refused, and the server goes on`, async () => {
      await serve()
      const { say, answers, isClosed } = client(path)
      say(line)
      await expect.poll(isClosed).toBe(true)
      expect(answers).toMatchObject([{ id: null, error: { code: 'message-malformed' } }])
      expect(await askStatus(path)).toMatchObject({ version: '1' })
    })
  }

  test('only so many clients at a time', async () => {
    await serve()
    const clients = Array.from({ length: 40 }, () => client(path))
    await expect.poll(() => clients.filter(({ isClosed }) => isClosed()).length).toBe(8)
    for (const { socket } of clients) socket.destroy()
    await expect
      .poll(() =>
        askStatus(path).then(
          ({ version }) => version,
          () => null,
        ),
      )
      .toBe('1')
  })

  test('nobody is answered before there is an agent', async () => {
    server = await openStatusServer(path)
    await expect(askStatus(path)).rejects.toMatchObject({ code: 'agent-not-running' })
  })
})

describe('the socket', () => {
  test('is private, and goes with the agent', async () => {
    await serve()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await server?.close()
    server = null
    expect(existsSync(path)).toBe(false)
  })

  test('a folder that is not there is made, for its owner alone', async () => {
    const deep = join(folder, 'run', 'muster')
    await serve(join(deep, 'agent.sock'))
    expect(statSync(deep).mode & 0o007).toBe(0)
  })

  for (const mode of [0o755, 0o701, 0o770, 0o777, 0o704]) {
    test(`a folder with mode ${mode.toString(8)} is refused, with the way out`, async () => {
      const open = join(folder, 'open')
      mkdirSync(open)
      chmodSync(open, mode)
      await expect(openStatusServer(join(open, 'agent.sock'))).rejects.toThrow(`chmod 700 ${open}`)
    })
  }

  test('a folder of a group that is not muster is refused', async () => {
    chmodSync(folder, 0o750)
    await expect(openStatusServer(path)).rejects.toThrow(/is not muster/)
  })

  test.skipIf(process.getuid?.() !== 0)('a folder of somebody else is refused (needs root)', async () => {
    const { chownSync } = await import('node:fs')
    chownSync(folder, 65534, 65534)
    await expect(openStatusServer(path)).rejects.toThrow(/belongs to somebody else/)
    chownSync(folder, 0, 0)
  })

  test('a link in the place of the folder is refused', async () => {
    const link = join(folder, 'link')
    mkdirSync(join(folder, 'real'), { mode: 0o700 })
    symlinkSync(join(folder, 'real'), link)
    await expect(openStatusServer(join(link, 'agent.sock'))).rejects.toThrow(/is not a folder/)
  })

  test('one that a killed agent left behind is replaced', async () => {
    const script = join(folder, 'killed.mjs')
    writeFileSync(
      script,
      `import { createServer } from 'node:net'
       createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
    )
    await programRunner().runNode(script)
    expect(existsSync(path)).toBe(true)
    await serve()
    expect(await askStatus(path)).toMatchObject({ version: '1' })
  })

  test('one of an agent that runs is not', async () => {
    await serve()
    await expect(openStatusServer(path)).rejects.toMatchObject({ code: 'agent-running' })
    expect(await askStatus(path)).toMatchObject({ version: '1' })
  })

  test('a path that is too long moves into a folder of its own, which goes with it', async () => {
    const long = join(folder, 'x'.repeat(120), 'agent.sock')
    await serve(long)
    const moved = server?.path ?? ''
    expect(Buffer.byteLength(moved)).toBeLessThanOrEqual(100)
    expect(statSync(join(moved, '..')).mode & 0o777).toBe(0o700)
    expect(await askStatus(moved)).toMatchObject({ version: '1' })
    await server?.close()
    server = null
    expect(existsSync(join(moved, '..'))).toBe(false)
  })
})

describe('askProof', () => {
  const request = { method: 'GET', url: 'https://wiki.example.com/', nonce: 'n' }

  test('gets the headers that prove a request', async () => {
    await serve()
    const proof = { authorization: 'DPoP a', dpop: 'GET https://wiki.example.com/ n' }
    expect(await askProof(path, request)).toEqual(proof)
  })

  test('says what the agent says where there is none', async () => {
    await serve()
    const error = { code: 'stale', message: 'nothing lately' }
    await expect(askProof(path, { ...request, url: 'https://stale.example/' })).rejects.toMatchObject(error)
  })

  test('says what to do where no agent runs', async () => {
    await expect(askProof(path, request)).rejects.toMatchObject({ code: 'agent-not-running' })
  })

  test('does not take a status for a proof', async () => {
    const answer = { id: 1, ok: fakeAgent().status() }
    const other = createServer((socket) => socket.end(`${JSON.stringify(answer)}\n`))
    await new Promise<void>((resolve) => other.listen(path, resolve))
    await expect(askProof(path, request)).rejects.toThrow(/this version does not know/)
    other.close()
  })
})

describe('askStatus', () => {
  test('says what to do where no agent runs', async () => {
    await expect(askStatus(path)).rejects.toMatchObject({ code: 'agent-not-running' })
  })

  test('does not take the answer of something else for a status', async () => {
    const other = createServer((socket) => socket.end('{"id":1,"ok":{"connection":"fine"}}\n'))
    await new Promise<void>((resolve) => other.listen(path, resolve))
    await expect(askStatus(path)).rejects.toThrow(/this version does not know/)
    other.close()
  })
})
