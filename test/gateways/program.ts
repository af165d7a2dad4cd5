import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** A program that was started for a test. */
export type Program = { stop(): Promise<void>; said(): string }

export type Start = { file: string; args: readonly string[]; env?: Record<string, string>; cwd: string; port: number }

/** Starts a program and waits until its port is open. Throws with what it said where it ends before. */
export async function startProgram({ file, args, env = {}, cwd, port }: Start): Promise<Program> {
  // Nothing of this machine's own settings reaches it.
  const child = spawn(file, args, { cwd, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: cwd, ...env } })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => said.push(data.toString()))
  // Tests that are cut short leave nothing running.
  const kill = () => void child.kill('SIGTERM')
  process.once('exit', kill)
  let ended = false
  const end = new Promise<void>((resolve) => {
    child.once('exit', () => {
      ended = true
      process.removeListener('exit', kill)
      resolve()
    })
  })
  while (!(await isOpen(port))) {
    if (ended) throw new Error(`${file} did not start:\n${said.join('')}`)
    await pause(10)
  }
  return {
    said: () => said.join(''),
    async stop() {
      if (!ended) child.kill('SIGTERM')
      const atLast = setTimeout(() => child.kill('SIGKILL'), 1000)
      await end
      clearTimeout(atLast)
    },
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Below those that systems give out by themselves, so that no connection of another test takes one meanwhile. */
const PORTS = { from: 20_000, to: 32_000 }

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const free = new Set<number>()
  while (free.size < count) {
    const port = randomInt(PORTS.from, PORTS.to)
    if (await isFree(port)) free.add(port)
  }
  return [...free]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
