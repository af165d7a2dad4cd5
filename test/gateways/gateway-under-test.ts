import type { Certificate } from './certificates.ts'

/** What an operator fills in, whatever the gateway. */
export type Site = {
  /** A folder of its own for everything that the gateway writes. */
  folder: string
  /** Host name that is protected, with the certificate of the gateway. */
  host: string
  certificate: Certificate
  collector: { port: number; name: string; certificate: string; key: string }
  applicationPort: number
}

/** A gateway that runs. `port` speaks TLS; `plainPort`, on loopback for a quick try, does not. */
export type RunningGateway = { port: number; said(): string; stop(): Promise<void> }

/** One row for each gateway that is started for real: every test of the matrix goes through all of them. */
export type GatewayUnderTest = {
  name: 'nginx' | 'caddy' | 'haproxy'
  /** The program; what needs it is skipped where it is not installed. */
  program: string
  /** Whether headers are removed by how they begin; nginx can only remove those that it is told the names of. */
  removesByPrefix: boolean
  /** Whether what a client sends after a body reaches the application, as trailers; HAProxy 2.6 cannot drop them. */
  passesTrailers: boolean
  start(site: Site): Promise<RunningGateway>
}
