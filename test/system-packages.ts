import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'

/** What tests use besides npm packages: the Debian package, and a file that tells whether it is there. */
const PACKAGES = {
  'python3-jwcrypto': '/usr/lib/python3/dist-packages/jwcrypto/__init__.py',
  nginx: '/usr/sbin/nginx',
  caddy: '/usr/bin/caddy',
  haproxy: '/usr/sbin/haproxy',
  chromium: '/usr/bin/chromium',
}

/** Packages that would start a service, now and with each start of the machine. Tests start the program themselves. */
const SERVICES: readonly string[] = ['nginx', 'caddy', 'haproxy']

/** Asked before a package starts its service; 101 means that it may not (Debian's invoke-rc.d). */
const POLICY = '/usr/sbin/policy-rc.d'

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
  withoutServices(() => {
    let left = names.filter((name) => !install(name))
    if (left.length > 0) {
      apt('update')
      left = left.filter((name) => !install(name))
    }
    if (left.length > 0) console.log(`Could not be installed, so what needs it is skipped: ${left.join(', ')}`)
  })
  const services = SERVICES.filter((name) => names.includes(name))
  if (services.length > 0 && existsSync('/usr/bin/systemctl'))
    spawnSync('systemctl', ['disable', '--quiet', ...services], { stdio: 'ignore' })
}

/** One by one: what a release of Debian does not have keeps nothing else away. */
function install(name: string): boolean {
  return apt('install', '-y', '--no-install-recommends', name).status === 0
}

function apt(...args: string[]) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** A machine that has a policy of its own keeps it. */
function withoutServices(action: () => void): void {
  if (existsSync(POLICY)) {
    action()
    return
  }
  writeFileSync(
    POLICY,
    '#!/bin/sh\n# Made while packages for the tests of muster are installed; may be removed.\nexit 101\n',
    {
      mode: 0o755,
    },
  )
  try {
    action()
  } finally {
    rmSync(POLICY, { force: true })
  }
}
