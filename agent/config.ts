import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** The settings of the agent. The collector tells it everything else. */
export type Config = {
  /** The data folder; the agent keeps its own below it. */
  data: string
  /** Where to listen, where that was said. */
  socket: string | null
  defaultSocket: string
}

type Given = { data?: string | undefined; socket?: string | undefined }
type Environment = Record<string, string | undefined>

/**
 * Reads the configuration: flags before MUSTER_* before defaults.
 * @throws Error naming every setting that is not right
 */
export function readConfig(
  flags: Given,
  env: Environment = process.env,
  { platform, isRoot }: Where = { platform: process.platform, isRoot: process.getuid?.() === 0 },
): Config {
  const given = { data: flags.data ?? env['MUSTER_DATA'], socket: flags.socket ?? env['MUSTER_SOCKET'] }
  const empty = Object.entries(given).filter(([, value]) => value?.trim() === '')
  if (empty.length > 0) throw new Error(`${empty.map(([name]) => name).join(' and ')}: a path is needed.`)

  const places = isRoot || platform === 'win32' ? systemPlaces(platform, env) : null
  const data = resolve(given.data ?? places?.data ?? userData(env))
  // An agent with a data folder of its own is not the agent of the system, so it takes a socket of its own too.
  const defaultSocket = given.data === undefined && places ? places.socket : join(data, 'agent', 'agent.sock')
  return { data, socket: given.socket === undefined ? null : resolve(given.socket), defaultSocket }
}

type Where = { platform: NodeJS.Platform; isRoot: boolean }

function systemPlaces(platform: NodeJS.Platform, env: Environment): { data: string; socket: string } {
  if (platform === 'darwin')
    return { data: '/Library/Application Support/Muster', socket: '/var/run/muster/agent.sock' }
  if (platform === 'win32') {
    return { data: join(env['ProgramData'] ?? 'C:\\ProgramData', 'Muster'), socket: '\\\\.\\pipe\\muster-agent' }
  }
  return { data: '/var/lib/muster', socket: '/run/muster/agent.sock' }
}

/** The XDG folder for what a program keeps but a user would not copy. */
function userData(env: Environment): string {
  return join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'muster')
}
