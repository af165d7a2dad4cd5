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
  /** Told of each policy that comes into force. */
  onChange(listener: (inForce: PolicyInForce) => void): void
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
  const listeners: ((inForce: PolicyInForce) => void)[] = []
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
    for (const tell of listeners) tell(next)
    return next
  }

  async function document(version: number): Promise<string> {
    const known = await store.loadPolicy(version)
    if (!known) throw new MusterError('policy-version-unknown', `there is no version ${version} of the policy`)
    return known.document
  }

  return {
    inForce: fleet.policy,
    onChange: (listener) => void listeners.push(listener),
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
