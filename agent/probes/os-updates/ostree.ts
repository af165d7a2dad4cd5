import { unreadable, type Fact } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { unreadableBecause } from '../probe.ts'
import { lastWritten, notCounted, type Answer, type Count } from './answer.ts'
import { isOstreeAutomatic } from './automatic.ts'
import { readOstreeStatus, type OstreeStatus } from './ostree-status.ts'
import { passing, rememberLast, stateOf } from './remember.ts'

/** ostree touches it whenever it makes or removes a deployment. */
const DEPLOYMENTS = '/ostree/deploy'
/** What a check for updates leaves behind where it found one. */
const FOUND = '/var/cache/rpm-ostree/cached-update.gv'
/** The deployment that waits for the next shutdown. */
const STAGED = '/run/ostree/staged-deployment'
const ARGS = ['status', '--json'] as const

/** Reads systems that are one image, as rpm-ostree keeps them. */
export function ostreeReader(): (host: Host) => Promise<Answer> {
  const remember = rememberLast<Fact<OstreeStatus>>()
  return async (host) => {
    const states = await Promise.all([DEPLOYMENTS, FOUND, STAGED].map((path) => stateOf(host, [path])))
    const key = states[0] === null ? null : states.join('\n')
    const status = await remember(key, async () => {
      const ran = await host.run('rpm-ostree', ARGS)
      if (!ran.ok) return passing(unreadableBecause(ran))
      const isWell = ran.exitCode === 0
      const result = isWell ? readOstreeStatus(ran.stdout) : unreadable(`rpm-ostree ended with ${ran.exitCode}`)
      return { result, repeatable: isWell }
    })
    const lastInstalledAt = await lastWritten(host, [DEPLOYMENTS])
    const lastCheckedAt = await lastWritten(host, [FOUND])
    const count = countOf(status)
    return {
      count,
      source: `rpm-ostree ${ARGS.join(' ')}`,
      lastInstalledAt,
      lastCheckedAt,
      automatic: await isOstreeAutomatic(host),
      rebootRequired: status.kind === 'value' ? status.value.rebootRequired : null,
    }
  }
}

function countOf(status: Fact<OstreeStatus>): Count {
  if (status.kind !== 'value') return notCounted(status.why)
  const { update } = status.value
  // It is empty where a check found nothing, and where nobody checked.
  if (!update) return notCounted('rpm-ostree knows of no update, nor whether anybody looked for one')
  return {
    pendingSecurity: update.security?.size ?? null,
    pending: update.pending?.size ?? null,
    why: 'rpm-ostree found an update, and does not tell which advisories are in it',
  }
}
