import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate and its key: two files, and both in one, as each program wants them. */
export type Certificate = { cert: string; key: string; both: string; pem: string; keyPem: string }

/** Signs itself, for these names. Null where `openssl` is missing. */
export function selfSigned(folder: string, name: string, hosts: readonly string[]): Certificate | null {
  const [cert, key, both] = [`${name}.crt`, `${name}.key`, `${name}.pem`].map((file) => join(folder, file))
  if (cert === undefined || key === undefined || both === undefined) return null
  const names = hosts.map((host) => (/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`)).join(',')
  const how = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'.split(' ')
  const what = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`, '-keyout', key, '-out', cert]
  const { status } = spawnSync('openssl', [...how, ...what])
  if (status !== 0) return null
  const [pem, keyPem] = [readFileSync(cert, 'utf8'), readFileSync(key, 'utf8')]
  writeFileSync(both, `${pem}${keyPem}`, { mode: 0o600 })
  return { cert, key, both, pem, keyPem }
}

/** Who signs the certificates of clients. */
export type Authority = { cert: string; issue(subject: string): Certificate }

/** A certificate authority of its own; `subject` is written as `openssl` wants it: `/CN=...`. */
export function authority(folder: string, name: string): Authority {
  const own = selfSigned(folder, name, [name])
  if (!own) throw new Error('openssl made no certificate')
  let made = 0
  return {
    cert: own.cert,
    issue(subject) {
      made += 1
      const at = join(folder, `${name}-${made}`)
      const [cert, key, request] = [`${at}.crt`, `${at}.key`, `${at}.csr`]
      const how = 'req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'.split(' ')
      openssl([...how, '-subj', subject, '-keyout', key, '-out', request])
      openssl(['x509', '-req', '-in', request, '-CA', own.cert, '-CAkey', own.key, '-days', '2', '-out', cert])
      return { cert, key, both: '', pem: readFileSync(cert, 'utf8'), keyPem: readFileSync(key, 'utf8') }
    },
  }
}

function openssl(args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args)
  if (status !== 0) throw new Error(stderr.toString())
}
