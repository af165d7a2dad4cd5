import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** What tests use besides npm packages: the Debian package and a file that tells whether it is there. */
const PACKAGES = {
  'python3-jwcrypto': '/usr/lib/python3/dist-packages/jwcrypto/__init__.py',
}

/** Installs what is missing where that can be done; the tests that need it say so themselves where it cannot. */
export function installSystemPackages(): void {
  const missing = Object.entries(PACKAGES).filter(([, file]) => !existsSync(file))
  if (missing.length === 0) return
  const names = missing.map(([name]) => name)
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.log(`Not installed, so what needs it is skipped: ${names.join(', ')}`)
    return
  }
  console.log(`Installing ${names.join(', ')} for the tests ...`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const install = () => apt('install', '-y', '--no-install-recommends', ...names).status === 0
  if (!install()) {
    apt('update')
    if (!install()) console.log('They could not be installed; what needs them is skipped.')
  }
}
