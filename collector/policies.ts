import { MusterError } from '../shared/errors.ts'
import { digest } from '../shared/jws.ts'
import type { DryRun } from './appraisal/dry-run.ts'
import { parsePolicy } from './appraisal/policy.ts'
import type { Fleet } from './fleet/fleet.ts'
import type { PolicyInForce } from './fleet/judge.ts'
import type { PolicyRecord, Store } from './store/store.ts'

/** The policy in force, and every one before it. */
export type Policies = {
  inForce(): PolicyInForce
  /** The oldest first; the last is in force. */
  versions(): Promise<PolicyRecord[]>
  /** @throws MusterError `policy-version-unknown` */
  document(version: number): Promise<string>
  /**
   * Puts a document in force: at once for whoever is asked about, for all others in the background. The document that is
   * in force already changes nothing. @throws MusterError `policy-invalid`; then the policy in force stays
   */
  apply(input: { document: string; author: string }): Promise<PolicyInForce>
  /** What would change. @throws MusterError `policy-invalid` */
  dryRun(document: string): Promise<DryRun>
  /** Puts an earlier version in force again, as a new one; without `to` the one before. */
  rollback(input: { to?: number; author: string }): Promise<PolicyInForce>
}

type Change = Omit<PolicyRecord, 'version' | 'digest' | 'appliedAt'> & { document: string }
type Clock = () => Date

/** The policies of a store whose newest is adopted; `fleet` is told of each that comes into force. */
export function openPolicies(
  store: Store,
  fleet: Pick<Fleet, 'policy' | 'usePolicy' | 'dryRun'>,
  clock: Clock,
): Policies {
  /** One change at a time, so that each is compared with what it really replaces. */
  let last: Promise<unknown> = Promise.resolve()
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = last.then(act, act)
    last = turn.catch(() => undefined)
    return turn
  }

  async function put(change: Change): Promise<PolicyInForce> {
    const policy = parsePolicy(change.document)
    const hash = digest(change.document)
    if (hash === fleet.policy().digest) return fleet.policy()
    const record = await store.addPolicy({ ...change, digest: hash, appliedAt: clock() })
    const next = { policy, version: record.version, digest: hash, since: record.appliedAt, author: record.author }
    fleet.usePolicy(next)
    return next
  }

  async function document(version: number): Promise<string> {
    const known = await store.loadPolicy(version)
    if (!known) throw new MusterError('policy-version-unknown', `there is no version ${version} of the policy`)
    return known.document
  }

  return {
    inForce: fleet.policy,
    versions: store.loadPolicies,
    document,
    apply: ({ document: text, author }) =>
      inTurn(() => put({ document: text, author, source: 'apply', restores: null })),
    dryRun: async (text) => fleet.dryRun(parsePolicy(text)),
    rollback: ({ to, author }) =>
      inTurn(async () => {
        const restores = to ?? fleet.policy().version - 1
        return put({ document: await document(restores), author, source: 'apply', restores })
      }),
  }
}

export type Configured = { document: string; source: 'default' | 'file' }

/**
 * The policy to start with. A file that was changed since it was last taken counts; else whatever came into force last,
 * by file or by command. A file that is not right never replaces a policy that is: `refused` is told of it.
 * @throws MusterError `policy-invalid` where there is no other to go on with
 */
export async function adoptPolicy(
  store: Pick<Store, 'loadPolicies' | 'loadPolicy' | 'addPolicy'>,
  { document, source }: Configured,
  now: Date,
  refused: (problem: MusterError) => void,
): Promise<PolicyInForce> {
  const known = await store.loadPolicies()
  const newest = known.at(-1)
  const hash = digest(document)
  const taken = known.findLast((record) => record.source === source)
  // The default is only for those who never chose a policy.
  const isChosen = source === 'default' && newest !== undefined && newest.source !== 'default'
  if (newest && (isChosen || taken?.digest === hash)) return inForceOf(store, newest)

  try {
    parsePolicy(document)
  } catch (error) {
    if (!newest || !(error instanceof MusterError)) throw error
    refused(error)
    return inForceOf(store, newest)
  }
  const author = source === 'file' ? 'the policy file of the configuration' : 'the release'
  return inForceOf(
    store,
    await store.addPolicy({ document, digest: hash, appliedAt: now, author, source, restores: null }),
  )
}

async function inForceOf(store: Pick<Store, 'loadPolicy'>, record: PolicyRecord): Promise<PolicyInForce> {
  const { version, digest: hash, appliedAt: since, author } = record
  const known = await store.loadPolicy(version)
  if (!known) throw new MusterError('store-unavailable', `version ${version} of the policy has lost its text`)
  return { policy: parsePolicy(known.document), version, digest: hash, since, author }
}
