import { SCOPES, type Scope } from '../store/store.ts'
import { didYouMean } from '../appraisal/nearest.ts'
import { gatewayHostProblem } from '../browser/gateway-host.ts'
import { defineCommand, UsageError, type Noun } from './command.ts'
import { eachPage } from './pages.ts'
import { table } from './table.ts'
import { moment } from './wording.ts'

const create = defineCommand({
  operands: 'NAME',
  summary: 'Prints a key for a gateway, this once: only its hash is kept.',
  options: {
    scope: {
      type: 'string',
      multiple: true,
      value: 'SCOPE',
      help: `may be given more than once; decide where none is: ${SCOPES.join(', ')}`,
    },
    host: {
      type: 'string',
      multiple: true,
      value: 'HOST',
      help: 'a host that it protects, with the port if it is not the usual one: wiki.example.com, localhost:8088; may be given more than once',
    },
    certificate: {
      type: 'string',
      value: 'FILE',
      help: 'its client certificate in PEM form, with which it may prove itself; needs the setting mutualTls',
    },
  },
  async run(given, session) {
    const scopes = given.texts('scope')
    const certificate = given.text('certificate')
    const answer = await session.ask('gateway-create', {
      name: given.operand(0),
      scopes: scopes.length === 0 ? ['decide'] : scopes.map(scopeOf),
      ...(certificate !== undefined && { certificate: session.readFile(certificate) }),
      hosts: given.texts('host').map(hostOf),
    })
    return { json: answer, text: () => answer.key }
  },
})

/** @throws UsageError */
function scopeOf(given: string): Scope {
  const scope = SCOPES.find((it) => it === given)
  if (!scope)
    throw new UsageError(`there is no scope "${given}", only ${SCOPES.join(', ')}${didYouMean(given, SCOPES)}`)
  return scope
}

/** @throws UsageError */
function hostOf(given: string): string {
  const problem = gatewayHostProblem(given)
  if (problem !== null) throw new UsageError(`the host "${given}" ${problem}`)
  return given
}

const list = defineCommand({
  summary: 'Lists the gateways, the oldest first. Keys cannot be shown.',
  async run(_given, session) {
    const found = await eachPage((page) => session.ask('gateway-list', page))
    const rows = found.map(({ id, name, scopes, hosts, certificate, createdAt }) => [
      id,
      name,
      scopes.join(', '),
      hosts.join(', ') || '-',
      certificate === null ? 'key' : 'key or certificate',
      moment(createdAt),
    ])
    const columns = ['ID', 'NAME', 'SCOPES', 'HOSTS', 'PROVED BY', 'MADE']
    const text = () => (rows.length === 0 ? 'There is none.' : table(columns, rows))
    return { json: found, text }
  },
})

const revoke = defineCommand({
  operands: 'ID',
  summary: 'Takes a key back: it is worth nothing from this moment on.',
  async run(given, session) {
    const revoked = await session.ask('gateway-revoke', { id: given.operand(0) })
    return { json: revoked, text: () => `The key of ${revoked.name} (${revoked.id}) is revoked.` }
  },
})

export const gateway: Noun = {
  name: 'gateway',
  summary: 'keys for gateways and scripts: create, list, revoke',
  about: `A gateway asks with a key. Its scopes say for what:
  decide  may ask about devices
  vouch   may name the device, if it always overwrites Muster-Device itself
  events  may have event streams of its own
  admin   may do at /v1/admin what is done here; for scripts, never a gateway`,
  verbs: { create, list, revoke },
  examples: `muster-collector gateway create wiki-nginx --host wiki.example.com
muster-collector gateway create payroll --host payroll.example.com --certificate payroll.pem
muster-collector gateway create rollout-script --scope admin
muster-collector gateway revoke gw_AvMvgyuouBmu`,
}
