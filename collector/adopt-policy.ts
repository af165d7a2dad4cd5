import { MusterError } from '../shared/errors.ts'
import { digest } from '../shared/jws.ts'
import { parsePolicy, type Policy } from './appraisal/policy.ts'
import type { PolicyInForce } from './fleet/judge.ts'
import type { PolicyRecord, Store } from './store/store.ts'

/** The policy of the configuration; `read` throws where the file cannot be read. */
export type Configured = { read: () => string; source: 'default' | 'file' }

/** What a start puts in force, and what counted until then where that was something else. */
export type Adopted = {
  inForce: PolicyInForce
  before: PolicyInForce | null
  /** It was put in force by this start. */
  isNew: boolean
}

type PolicyStore = Pick<Store, 'loadPolicies' | 'loadPolicy' | 'addPolicy'>

/**
 * The policy to start with. A file that was changed since it was last taken counts; else whatever came into force last,
 * by file or by command. A file that counted before and now cannot be read, or is not right, never replaces a policy that
 * is: `refused` is told of it. A policy in force that this release cannot read is not replaced by an earlier one.
 * @throws MusterError `config-invalid`, `policy-invalid` where a file is new and not right, or where there is nothing to go
 * on with: then nothing starts
 */
export async function adoptPolicy(
  store: PolicyStore,
  { read, source }: Configured,
  now: Date,
  refused: (problem: MusterError) => void,
): Promise<Adopted> {
  const known = await store.loadPolicies()
  const newest = known.at(-1)
  const taken = known.findLast((record) => record.source === source)
  const take = async (document: string, before: PolicyInForce | null): Promise<Adopted> => {
    const author = source === 'file' ? 'the policy file of the configuration' : 'the release'
    const change = { document, digest: digest(document), appliedAt: now, author, source, restores: null }
    return { inForce: await inForceOf(store, await store.addPolicy(change)), before, isNew: true }
  }

  if (!newest) return take(readRight(read), null)
  // The default is only for those who never chose a policy.
  const isChosen = source === 'default' && newest.source !== 'default'
  const document = isChosen ? null : changedSince(taken, read, refused)
  if (document === null) return { inForce: await inForceOf(store, newest), before: null, isNew: false }
  return take(document, await inForceOf(store, newest).catch(() => null))
}

/** @throws MusterError `config-invalid`, `policy-invalid` */
function readRight(read: () => string): string {
  const document = read()
  parsePolicy(document)
  return document
}

/** The document where it is another than what was taken last. */
function changedSince(
  taken: PolicyRecord | undefined,
  read: () => string,
  refused: (problem: MusterError) => void,
): string | null {
  try {
    const document = read()
    return digest(document) === taken?.digest ? null : readRight(() => document)
  } catch (error) {
    if (!taken || !(error instanceof MusterError)) throw error
    refused(error)
    return null
  }
}

async function inForceOf(store: PolicyStore, record: PolicyRecord): Promise<PolicyInForce> {
  const { version, digest: hash, appliedAt: since, author } = record
  const known = await store.loadPolicy(version)
  if (!known) throw new MusterError('store-unavailable', `version ${version} of the policy has lost its text`)
  return { policy: readAgain(known.document, record), version, digest: hash, since, author }
}

/** What an earlier release took may not be right for this one. Nobody is let in by guesses at what it may mean. */
function readAgain(document: string, { version, author }: PolicyRecord): Policy {
  try {
    return parsePolicy(document)
  } catch (error) {
    const problems = error instanceof Error ? error.message : String(error)
    const what = `version ${version} (${author}), which is in force, is not right for this release`
    const fix = 'put it right in a file, and name that file as the policy of the configuration'
    throw new MusterError('policy-invalid', `${what}: ${fix}\n${problems}`, { cause: error })
  }
}
