import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether certificates can be made here: tests that need them skip what they cannot do. */
export const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0

export type Certificate = { cert: string; key: string; certFile: string; keyFile: string }

export type Certificates = {
  /** A certificate that signed itself, for a P-256 key of its own and for two days. */
  make(name: string): Certificate
  remove(): void
}

/** Real certificates in a folder of their own. */
export function openCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'muster-certificates-'))
  return {
    make(name) {
      const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
      const algorithm = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'.split(' ')
      const names = ['-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
      const files = ['-keyout', keyFile, '-out', certFile]
      const { status, stderr } = spawnSync('openssl', ['req', '-x509', ...algorithm, ...names, ...files])
      if (status !== 0) throw new Error(`openssl made no certificate: ${stderr.toString()}`)
      return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile, keyFile }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
