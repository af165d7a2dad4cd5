// `npm start` and `npm test` begin here: it installs what is missing, then hands over to the program that is named.
// Install scripts are switched off, so no hook could do this.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, launch } from './launch.js'

const LOCK = join(ROOT, 'package-lock.json')
const STAMP = join(ROOT, 'node_modules', '.muster-installed')

const [script = '', ...args] = process.argv.slice(2)
if (!isInstalled()) install()
launch(script, args)

/** Whether node_modules is what the lock file asks for, by our own stamp or because npm wrote it later than the lock. */
function isInstalled() {
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lockDigest()) return true
  const byHand = join(ROOT, 'node_modules', '.package-lock.json')
  return existsSync(byHand) && statSync(byHand).mtimeMs >= statSync(LOCK).mtimeMs
}

function install() {
  const started = Date.now()
  console.log('Installing packages (only at the first run, a minute or less) ...')
  // npm names its own program to what it starts; without it, as when a person runs this file, npm is on the path.
  const { npm_execpath: own } = process.env
  const asked = ['ci', '--loglevel=error']
  const result = own
    ? spawnSync(process.execPath, [own, ...asked], { cwd: ROOT, stdio: 'inherit' })
    : spawnSync('npm', asked, { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' })
  if (result.status !== 0) {
    console.error('The packages could not be installed. Look at the message above, then run the same command again.')
    process.exit(1)
  }
  writeFileSync(STAMP, lockDigest())
  console.log(`Installed in ${((Date.now() - started) / 1000).toFixed(1)} s.\n`)
}

function lockDigest() {
  return createHash('sha256').update(readFileSync(LOCK)).digest('hex')
}
