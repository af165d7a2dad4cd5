import { chmod, chown, lstat, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { MusterError } from '../shared/errors.ts'
import { LOCAL_REQUEST_BYTES, parseLocalRequest, type LocalAnswer, type LocalRequest } from '../shared/local.ts'
import type { Agent } from './agent.ts'

export type StatusServer = {
  /** Where it listens, which is elsewhere than asked for where that path is too long for a socket. */
  path: string
  /** From now on it answers; who came before was turned away. */
  serve(agent: ServedAgent): void
  close(): Promise<void>
}

type ServedAgent = Pick<Agent, 'status' | 'onStatus' | 'checkAgain' | 'prove'>

/** What a socket's address can hold on every system, with room to spare (unix(7): 108 bytes; macOS: 104). */
const PATH_BYTES = 100
const CLIENTS = 32
/** A client that does not read what it is sent is let go. */
const UNREAD_BYTES = 1024 * 1024

/**
 * Opens the local API of the agent on a Unix socket, before the agent itself: of two agents the second must not get as
 * far as the collector. Who may connect is decided by the folder that the socket stands in: the user's own, or, for
 * the agent of the system, that of root and the group `muster`.
 * @throws Error where the folder is open to others, or where an agent listens there already
 */
export async function openStatusServer(wantedPath: string): Promise<StatusServer> {
  const { path, ownFolder } = await shortEnough(wantedPath)
  const group = await openFolder(dirname(path))
  const clients = new Set<Socket>()
  let agent: ServedAgent | null = null
  const server = createServer((socket) => {
    clients.add(socket)
    socket.once('close', () => clients.delete(socket))
    if (agent === null || clients.size > CLIENTS) socket.destroy()
    else converse(socket, agent)
  })
  await listen(server, path)
  // Connecting needs the right to write to the socket, which the group of the folder is meant to have.
  if (group !== null) await chown(path, process.getuid?.() ?? -1, group)
  await chmod(path, group === null ? 0o600 : 0o660)

  return {
    path,
    serve(served) {
      agent = served
    },
    async close() {
      for (const client of clients) client.destroy()
      await new Promise((resolve) => server.close(resolve))
      if (ownFolder !== null) await rm(ownFolder, { recursive: true, force: true })
    },
  }
}

/** A path that is too long moves into a new folder that nobody else can enter. */
async function shortEnough(path: string): Promise<{ path: string; ownFolder: string | null }> {
  if (Buffer.byteLength(path) <= PATH_BYTES) return { path, ownFolder: null }
  const isLong = Buffer.byteLength(tmpdir()) > PATH_BYTES - '/muster-XXXXXX/agent.sock'.length
  const ownFolder = await mkdtemp(join(isLong ? '/tmp' : tmpdir(), 'muster-'))
  return { path: join(ownFolder, 'agent.sock'), ownFolder }
}

/** Makes sure that nobody else can enter the folder; returns the group that may besides its owner, or null. */
async function openFolder(folder: string): Promise<number | null> {
  const uid = process.getuid?.()
  if (uid === undefined) throw new MusterError('platform-unsupported', 'the agent has no local API on Windows yet')
  const muster = uid === 0 ? await musterGroup() : null
  const created = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (created !== undefined && muster !== null) {
    await chown(folder, uid, muster)
    await chmod(folder, 0o750)
  }
  const { mode, uid: owner, gid } = await lstat(folder)
  const bits = mode & 0o777
  const refuse = (why: string) => {
    throw new MusterError('agent-socket-unsafe', `${folder}: ${why}; "chmod 700 ${folder}" closes it`)
  }
  if ((mode & 0o170000) !== 0o040000) refuse('it is not a folder')
  if (owner !== uid) refuse('it belongs to somebody else')
  if ((bits & 0o077) === 0) return null
  if ((bits & 0o027) !== 0) refuse(`its mode is ${bits.toString(8)}`)
  if (gid !== muster) refuse(`its group (${gid}) is not muster`)
  return gid
}

async function musterGroup(): Promise<number | null> {
  const groups = await readFile('/etc/group', 'utf8').catch(() => '')
  const gid = /^muster:[^:]*:(\d+):/m.exec(groups)?.[1]
  return gid === undefined ? null : Number(gid)
}

async function listen(server: Server, path: string): Promise<void> {
  try {
    await tryToListen(server, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    if (await answers(path)) {
      throw new MusterError('agent-running', path, { cause: error })
    }
    // What a killed agent has left behind.
    await rm(path, { force: true })
    await tryToListen(server, path)
  }
}

function tryToListen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const settle = (live: boolean) => {
      socket.destroy()
      resolve(live)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}

/** Answers one client until it leaves. */
function converse(socket: Socket, agent: ServedAgent): void {
  let text = ''
  let stopWatching: (() => void) | null = null
  const send = (answer: LocalAnswer) => {
    if (socket.writableLength > UNREAD_BYTES) socket.destroy()
    else if (socket.writable) socket.write(`${JSON.stringify(answer)}\n`)
  }
  const fail = (id: LocalRequest['id'], error: unknown) => {
    const { code, message } =
      error instanceof MusterError ? error : { code: 'internal' as const, message: String(error) }
    send({ id, error: { code, message: message.slice(0, 600) } })
  }
  const refuse = (message: string) => {
    send({ id: null, error: { code: 'message-malformed', message } })
    socket.end()
  }

  socket.setEncoding('utf8')
  socket.on('error', () => socket.destroy())
  socket.once('close', () => stopWatching?.())
  socket.on('data', (chunk: string) => {
    text += chunk
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) if (!answerLine(line)) return
    if (text.length > LOCAL_REQUEST_BYTES) refuse('the request is too long')
  })

  function answerLine(line: string): boolean {
    const request = line.length > LOCAL_REQUEST_BYTES ? null : parseLocalRequest(line)
    if (!request?.ok) {
      refuse(request ? request.problem : 'the request is too long')
      return false
    }
    const asked = request.value
    const { id } = asked
    switch (asked.method) {
      case 'status':
        send({ id, ok: agent.status() })
        return true
      case 'watch':
        stopWatching ??= agent.onStatus((status) => send({ event: 'status', status }))
        send({ id, ok: agent.status() })
        return true
      case 'check-again':
        agent.checkAgain().then(
          () => send({ id, ok: agent.status() }),
          (error: unknown) => fail(id, error),
        )
        return true
      case 'prove':
        agent.prove(asked.request).then(
          (proof) => send({ id, proof }),
          (error: unknown) => fail(id, error),
        )
        return true
    }
  }
}
