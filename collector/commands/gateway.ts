import { SCOPES, type Scope } from '../store/store.ts'
import { didYouMean } from '../appraisal/nearest.ts'
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
  },
  async run(given, session) {
    const scopes = given.texts('scope')
    const answer = await session.ask('gateway-create', {
      name: given.operand(0),
      scopes: scopes.length === 0 ? ['decide'] : scopes.map(scopeOf),
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

const list = defineCommand({
  summary: 'Lists the gateways, the oldest first. Keys cannot be shown.',
  async run(_given, session) {
    const found = await eachPage((page) => session.ask('gateway-list', page))
    const rows = found.map(({ id, name, scopes, createdAt }) => [id, name, scopes.join(', '), moment(createdAt)])
    const text = () => (rows.length === 0 ? 'There is none.' : table(['ID', 'NAME', 'SCOPES', 'MADE'], rows))
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
  admin   may do at /v1/admin what is done here; for scripts, never a gateway`,
  verbs: { create, list, revoke },
  examples: `muster-collector gateway create wiki-nginx --scope decide --scope vouch
muster-collector gateway create rollout-script --scope admin
muster-collector gateway revoke gw_AvMvgyuouBmu`,
}
