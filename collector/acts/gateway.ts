import { X509Certificate } from 'node:crypto'
import { Type } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { Time } from '../../shared/fact.ts'
import { digest } from '../../shared/jws.ts'
import { nullable, oneOf, strict, text } from '../../shared/schema.ts'
import { gatewayHost, gatewayHostProblem } from '../browser/gateway-host.ts'
import { SCOPES, type GatewayRecord } from '../store/store.ts'
import { defineAct } from './act.ts'
import { PageAsked, pageOf, pageSchema } from './page.ts'

const Scopes = Type.Array(oneOf(SCOPES), { minItems: 1, maxItems: SCOPES.length })
const Host = Type.Refine(
  text(260),
  (it) => gatewayHostProblem(it) === null,
  (it) => gatewayHostProblem(it) ?? '',
)
/** The hosts that it protects, where a browser may be sent back to after a device check. */
const Hosts = Type.Array(Host, { maxItems: 100 })
const Shown = {
  id: Type.String(),
  name: Type.String(),
  scopes: Scopes,
  hosts: Type.Array(Type.String()),
  /** SHA-256 of the client certificate, base64url. */
  certificate: nullable(Type.String()),
}

export const createGateway = defineAct({
  input: strict({
    name: Type.String({ minLength: 1, maxLength: 100 }),
    scopes: Scopes,
    hosts: Type.Optional(Hosts),
    /** In PEM form. */
    certificate: Type.Optional(text(20_000)),
  }),
  /** The key is told this once and never again. */
  answer: strict({ ...Shown, key: Type.String() }),
  async run({ gateways, clock }, { name, scopes, hosts = [], certificate }) {
    const of = {
      name,
      scopes,
      hosts: [...new Set(hosts.map(gatewayHost))],
      certificate: certificate === undefined ? null : certificateOf(certificate, clock()),
    }
    const { gateway, key } = await gateways.create(of)
    return { id: gateway.id, ...of, key }
  },
})

/** @throws MusterError `certificate-invalid` */
function certificateOf(pem: string, now: Date): string {
  const blocks = pem.match(/-----BEGIN [A-Z0-9 ]+-----/g) ?? []
  if (blocks.length !== 1 || blocks[0] !== '-----BEGIN CERTIFICATE-----') {
    throw new MusterError('certificate-invalid', 'it is not one certificate in PEM form, and nothing else')
  }
  const certificate = readCertificate(pem)
  if (certificate.validToDate <= now) {
    throw new MusterError('certificate-invalid', `it is over since ${certificate.validToDate.toISOString()}`)
  }
  return digest(certificate.raw)
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw new MusterError('certificate-invalid', 'it cannot be read', { cause: error })
  }
}

export const listGateways = defineAct({
  input: strict(PageAsked),
  answer: pageSchema(strict({ ...Shown, createdAt: Time })),
  async run({ gateways }, asked) {
    const { items, next } = pageOf(gateways.list(), asked, ({ id }) => id)
    return { items: items.map((it) => ({ ...shown(it), createdAt: it.createdAt.toISOString() })), next }
  },
})

export const revokeGateway = defineAct({
  input: strict({ id: text(60) }),
  answer: strict(Shown),
  async run({ gateways }, { id }) {
    const revoked = await gateways.revoke(id)
    if (!revoked) throw new MusterError('gateway-unknown', `there is no gateway ${id}`)
    return shown(revoked)
  },
})

function shown({ id, name, scopes, hosts, certificate }: GatewayRecord) {
  return { id, name, scopes, hosts, certificate }
}
