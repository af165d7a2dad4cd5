import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, existsSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Type } from 'typebox'
import { parseLocalAnswer } from '../../shared/local.ts'
import { jsonParserOf } from '../../shared/schema.ts'
import type { Standing } from '../../shared/standing.ts'

/** A program that runs until it is stopped. */
export type Program = { pid: number | undefined; stop(): Promise<void>; ended: Promise<void> }

const ROOT = join(import.meta.dirname, '../..')
/** Longer than either program takes on a slow laptop. */
const PATIENCE_MS = 60_000

/** Starts one of our programs with its output in a log file; `until` sees each line of it until it is up, and throws where it will never be. */
function start(args: string[], log: string, until: (line: string) => boolean): Promise<Program> {
  const name = args.find((arg) => /\.[jt]s$/.test(arg))
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const file = createWriteStream(log, { flags: 'a', mode: 0o600 })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const errors: string[] = []
  const program: Program = { pid: child.pid, ended, stop: () => stop(child, ended) }

  return new Promise((resolve, reject) => {
    let isUp = false
    const late = setTimeout(() => {
      void program.stop()
      reject(new Error(`${name} did not come up within ${PATIENCE_MS / 1000} s; see ${log}`))
    }, PATIENCE_MS)
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        file.write(`${line}\n`)
        if (stream === child.stderr) errors.push(line)
        try {
          if (isUp || !until(line)) return
          isUp = true
          resolve(program)
        } catch (error) {
          void program.stop()
          reject(error)
        }
        clearTimeout(late)
      })
    }
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(errors.at(-1) ?? `${name} ended with ${code}; see ${log}`)))
    void ended.then(() => clearTimeout(late))
  })
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(late)
}

const parseStarted = jsonParserOf(Type.Object({ msg: Type.Literal('collector started'), issuer: Type.String() }))

export async function startCollector(data: string, port: string): Promise<Program & { url: string; port: string }> {
  let url = ''
  const args = ['collector/main.ts', 'serve', '--data', data, '--port', port]
  const program = await start(args, join(data, 'collector.log'), (line) => {
    const started = parseStarted(line)
    if (started.ok) url = started.value.issuer
    return started.ok
  })
  return { ...program, url, port: new URL(url).port }
}

/** Runs one of our commands to its end and returns what it printed. */
export function runCommand(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve(out.trim()) : reject(new Error(err.trim().split('\n').at(-1)))))
  })
}

const parseEnrolled = jsonParserOf(Type.Object({ url: Type.String() }))

/** Enrols this machine unless it is enrolled with this collector already. */
async function enrol(data: string, enrollment: string, url: string, main: string): Promise<void> {
  const file = join(data, 'agent', 'enrollment.json')
  if (existsSync(file)) {
    const enrolled = parseEnrolled(readFileSync(file, 'utf8'))
    if (enrolled.ok && enrolled.value.url === url) return
    // The same collector on another port: the key, and so the device, stays; only the address is learnt anew.
    rmSync(file)
  }
  await runCommand([main, 'enroll', enrollment, '--data', data])
}

export type RunningAgent = Program & {
  socketPath: string
  /** Resolves once the collector has appraised the first report. */
  firstStanding(): Promise<Standing>
}

const parseRefused = jsonParserOf(
  Type.Object({
    event: Type.Literal('the collector is not connected'),
    why: Type.TemplateLiteral('device-locked-out${string}'),
  }),
)
const parseConnected = jsonParserOf(Type.Object({ event: Type.Literal('connected') }))

const READMIT = 'npx muster-collector device readmit dev_ --data'

/** The flags of Node, and the script. Its heap is kept small; `agent/tidy.ts` needs the second flag. */
const SOURCE = { flags: ['--max-semi-space-size=1', '--expose-gc'], main: 'agent/main.ts' }

/** Enrols this machine where it is not, and starts its agent: from the source, or from a bundle. */
export async function startAgent(
  data: string,
  enrollment: string,
  url: string,
  agent: { flags: readonly string[]; main: string } = SOURCE,
): Promise<RunningAgent> {
  await enrol(data, enrollment, url, agent.main)
  const pointer = join(data, 'agent', 'socket-path')
  const program = await start([...agent.flags, agent.main, 'run', '--data', data], join(data, 'agent.log'), (line) => {
    // What was tried on it last time, most likely. The agent would wait for an admin.
    if (parseRefused(line).ok)
      throw new Error(`this machine is locked out; readmit it, then start again: ${READMIT} ${data}`)
    return parseConnected(line).ok
  })
  const socketPath = readFileSync(pointer, 'utf8').trim()
  return { ...program, socketPath, firstStanding: () => watchUntilAppraised(socketPath, program.ended) }
}

/** Follows the agent's own local API, as the tray does. */
function watchUntilAppraised(socketPath: string, ended: Promise<void>): Promise<Standing> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    socket.once('error', reject)
    void ended.then(() => reject(new Error('the agent has ended; see agent.log in the data folder')))
    socket.write(`${JSON.stringify({ id: 1, method: 'watch' })}\n`)
    createInterface({ input: socket }).on('line', (line) => {
      const answer = parseLocalAnswer(line)
      if (!answer.ok) return
      const status = 'status' in answer.value ? answer.value.status : 'ok' in answer.value ? answer.value.ok : null
      // What it concluded before this start is not news: the evidence has to be of now.
      if (!status?.standing || status.lastSentAt === null) return
      socket.destroy()
      resolve(status.standing)
    })
  })
}
