import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { filledIn } from './fill.ts'
import type { GatewayUnderTest, Site } from './gateway-under-test.ts'
import { freePorts, startProgram } from './program.ts'

export const SHIPPED = join(import.meta.dirname, '../../docs/gateways/nginx')
export const FILES = ['muster.conf', 'muster-server.conf', 'muster-question.conf', 'muster-protect.conf']

/** What the machine's own nginx.conf says: where its files are, and that `conf.d` is included. */
const MAIN = (folder: string) => `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }
http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((it) => `${it}_temp_path ${folder}/${it};`).join('\n    ')}
    include conf.d/*.conf;
}
`

export type NginxChanges = {
  /** Replaces texts in the operator's files. */
  settings?: Record<string, string>
  listen?: Record<string, string>
  /** Instead of the operator's file of the server block. */
  listenFile?: string
  port?: number
  /** What else the http block has. */
  more?: string
}

/** Starts nginx as the page says: our files byte for byte, and the two that an operator copies and fills in. */
export async function startNginx(site: Site, changes: NginxChanges = {}) {
  const { folder, host, certificate, collector, applicationPort } = site
  const [free = 0] = await freePorts(1)
  const { port = free } = changes
  mkdirSync(join(folder, 'muster'), { recursive: true })
  mkdirSync(join(folder, 'conf.d'), { recursive: true })
  for (const file of FILES) copyFileSync(join(SHIPPED, file), join(folder, 'muster', file))
  copyFileSync(join(SHIPPED, 'site.conf'), join(folder, 'conf.d', 'site.conf'))
  const example = (file: string) => readFileSync(join(SHIPPED, file), 'utf8')
  const settings = filledIn(example('settings.example.conf'), {
    'collector.example.com:443': `127.0.0.1:${collector.port}`,
    '"collector.example.com"': `"${collector.name}"`,
    '/etc/ssl/certs/ca-certificates.crt': collector.certificate,
    'mgw_...': collector.key,
    '127.0.0.1:8080': `127.0.0.1:${applicationPort}`,
    ...changes.settings,
    'listen 443': `listen 127.0.0.1:${port}`,
  })
  const listen =
    changes.listenFile ??
    filledIn(example('listen.example.conf'), {
      'listen 443': `listen 127.0.0.1:${port}`,
      'wiki.example.com;': `${host};`,
      '/etc/ssl/wiki.example.com.pem': certificate.cert,
      '/etc/ssl/private/wiki.example.com.key': certificate.key,
      ...changes.listen,
    })
  writeFileSync(join(folder, 'muster', 'settings.conf'), settings, { mode: 0o600 })
  writeFileSync(join(folder, 'muster', 'listen.conf'), listen)
  writeFileSync(
    join(folder, 'nginx.conf'),
    MAIN(folder).replace('include conf.d', `${changes.more ?? ''}\n    include conf.d`),
  )
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr']
  const program = await startProgram({ file: nginx.program, args, cwd: folder, port })
  return { port, ...program }
}

export const nginx: GatewayUnderTest = {
  name: 'nginx',
  program: '/usr/sbin/nginx',
  removesByPrefix: false,
  passesTrailers: false,
  start: (site) => startNginx(site),
}
