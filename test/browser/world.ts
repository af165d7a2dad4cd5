import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { startApplication, type Application } from '../gateways/application.ts'
import { selfSigned } from '../gateways/certificates.ts'
import { startNginx } from '../gateways/nginx.ts'
import { freePorts } from '../gateways/program.ts'

export const hasNginx = existsSync('/usr/sbin/nginx') && existsSync('/usr/bin/openssl')

/** Hosts that the gateway protects. */
const HOSTS = { wiki: 'wiki.example.com', files: 'files.example.com' }

/** Endpoint protection that stops closes everything at once. */
const POLICY = `version: 1
freshness: 15m
tiers:
  public: []
  internal: [disk-encryption, endpoint-protection]
checks:
  endpoint-protection: { anyOf: [microsoft-defender], grace: 0m }
resources:
  - { match: "*.example.com/**", tier: internal }
default-tier: internal
`

/** A company: its collector and a gateway in front of its applications. */
export type World = {
  collector: TestCollector
  issuer: string
  /** Where the collector itself listens: what the agent asks, for which no name leads there. */
  collectorUrl: string
  /** The addresses of the protected hosts. */
  sites: { [host in keyof typeof HOSTS]: string }
  /** A page of somebody else. */
  evil: string
  application: Application
  /** Of the issuer and of the gateway. */
  ports: readonly number[]
  close(): Promise<void>
}

export async function buildWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-browser-'))
  const certificate = selfSigned(folder, 'company', ['*.example.com', '*.example.net'])
  if (!certificate) throw new Error('openssl made no certificate')
  const [issuerPort = 0] = await freePorts(1)
  const issuer = `https://collector.example.com:${issuerPort}`
  const policy = join(folder, 'policy.yaml')
  writeFileSync(policy, POLICY)
  const collector = await testCollector({ settings: { issuer, policy } })
  const application = await startApplication()
  const key = await collector.gatewayKey('decide')
  const nginxFolder = join(folder, 'nginx')
  mkdirSync(nginxFolder)
  const gateway = await startNginx(
    {
      folder: nginxFolder,
      host: Object.values(HOSTS).join(' '),
      certificate,
      collector: { port: issuerPort, name: 'collector.example.com', certificate: certificate.cert, key },
      applicationPort: application.port,
    },
    { more: inFront(issuerPort, collector.port, certificate) },
  )
  const at = (host: string) => `https://${host}:${gateway.port}`
  return {
    collector,
    issuer,
    collectorUrl: `http://127.0.0.1:${collector.port}`,
    sites: { wiki: at(HOSTS.wiki), files: at(HOSTS.files) },
    evil: `https://evil.example.net:${issuerPort}`,
    application,
    ports: [issuerPort, gateway.port],
    async close() {
      await gateway.stop()
      await application.close()
      await collector.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** TLS for the collector, and a page of somebody else at the same port. */
const inFront = (port: number, collectorPort: number, { cert, key }: { cert: string; key: string }) => `
    server {
        listen 127.0.0.1:${port} ssl;
        server_name collector.example.com;
        ssl_certificate ${cert};
        ssl_certificate_key ${key};
        ssl_protocols TLSv1.3;
        location / {
            proxy_pass http://127.0.0.1:${collectorPort};
            proxy_set_header Host $http_host;
        }
    }
    server {
        listen 127.0.0.1:${port} ssl;
        server_name evil.example.net;
        ssl_certificate ${cert};
        ssl_certificate_key ${key};
        default_type text/html;
        return 200 "<!doctype html><title>evil</title>";
    }
`
