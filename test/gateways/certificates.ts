import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate and its key: two files, and both in one, as each program wants them. */
export type Certificate = { cert: string; key: string; both: string; pem: string }

/** Signs itself, for these names. Null where `openssl` is missing. */
export function selfSigned(folder: string, name: string, hosts: readonly string[]): Certificate | null {
  const [cert, key, both] = [`${name}.crt`, `${name}.key`, `${name}.pem`].map((file) => join(folder, file))
  if (cert === undefined || key === undefined || both === undefined) return null
  const names = hosts.map((host) => (/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`)).join(',')
  const how = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'.split(' ')
  const what = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`, '-keyout', key, '-out', cert]
  const { status } = spawnSync('openssl', [...how, ...what])
  if (status !== 0) return null
  const pem = readFileSync(cert, 'utf8')
  writeFileSync(both, `${pem}${readFileSync(key, 'utf8')}`, { mode: 0o600 })
  return { cert, key, both, pem }
}
