import { MusterError } from '../shared/errors.ts'
import { TYP, signJws, thumbprint, type PublicJwk, type Sign } from '../shared/jws.ts'
import type { Clock } from './clock.ts'
import { keyFileOf, newKey, openKeyFile, writeKeyFile, type SigningKey } from './key-file.ts'
import type { AttestationClaims, StatusListClaims } from './protocol/claims.ts'
import { advanced, endOf, nextDue, rotationDue, shifted, type KeyStage } from './protocol/key-plan.ts'

/** Holds the keys that sign attestations and status lists; nothing else ever sees them. */
export type Issuer = {
  attest(claims: AttestationClaims): Promise<string>
  statusList(claims: StatusListClaims): Promise<string>
  /** The JWK Set that verifies what was signed, and what will be signed next (RFC 7517). */
  jwks(): { keys: (PublicJwk & { kid: string; alg: 'ES256'; use: 'sig' })[] }
  keys(): KeyState[]
  /** Publishes a successor of the active key, which takes over at the end of its wait; gives back the one on its way. */
  rotate(): Promise<KeyState>
  close(): void
}

/** Where a key is in its life. */
export type KeyState = {
  kid: string
  state: KeyStage
  since: Date
  /** When it takes over (`next`) or is gone (`retired`); null where no end is set. */
  until: Date | null
}

export type IssuerOptions = {
  /** The collector's own folder. */
  folder: string
  /** A key gets a successor after so many days; 0: never by itself. */
  keyDays: number
  clock: Clock
  /** A change of keys that could not be written: the keys of before stay in use, and it is tried again. */
  onError: (error: unknown) => void
  /** Told of each change of the keys once it is on disk. */
  onChange?: (keys: readonly KeyState[]) => void
}

const LOOK_MS = 60_000

/**
 * Opens the keys of a folder, whatever was under way when it was last used.
 * @throws MusterError `config-invalid` where the keys cannot be used as they are
 */
export function openIssuer({ folder, keyDays, clock, onError, onChange = () => undefined }: IssuerOptions): Issuer {
  let keys: readonly SigningKey[] = openKeyFile(folder, clock.now())
  let due: Date | null = null
  use(keys)

  function use(next: readonly SigningKey[]): void {
    keys = next
    due = nextDue(keys, keyDays)
  }

  /** On disk before it is in use: a key that signed is never lost. */
  function change(next: readonly SigningKey[]): void {
    if (next === keys) return
    try {
      writeKeyFile(folder, next)
    } catch (error) {
      throw new MusterError('store-unavailable', `${keyFileOf(folder)} cannot be written`, { cause: error })
    }
    use(next)
    onChange(next.map(stateOf))
  }

  function look(): readonly SigningKey[] {
    const now = clock.now()
    if (due === null || now < due) return keys
    try {
      change(advanced(keys, now))
      if (now >= (rotationDue(keys, keyDays) ?? Infinity)) change([...keys, newKey('next', now)])
    } catch (error) {
      due = new Date(now.getTime() + LOOK_MS)
      onError(error)
    }
    return keys
  }

  clock.onSet((milliseconds) => use(shifted(keys, milliseconds)))
  // So that a key is published and taken into use in time also where nobody asks.
  const timer = setInterval(look, LOOK_MS).unref()

  return {
    ...signedBy(() => activeOf(look())),
    jwks: () => jwksOf(look()),
    keys: () => look().map(stateOf),
    async rotate() {
      look()
      const waiting = keys.find(({ state }) => state === 'next')
      const next = waiting ?? newKey('next', clock.now())
      if (!waiting) change([...keys, next])
      return stateOf(next)
    },
    close: () => clearInterval(timer),
  }
}

/** An issuer with one key that is kept, and replaced, elsewhere: a service, a hardware module, a test. */
export function issuerOf({ jwk, sign }: { jwk: PublicJwk; sign: Sign }): Issuer {
  const key = { kid: thumbprint(jwk), jwk, sign }
  return {
    ...signedBy(() => key),
    jwks: () => jwksOf([key]),
    keys: () => [{ kid: key.kid, state: 'active', since: new Date(0), until: null }],
    rotate: async () => {
      throw new MusterError('config-invalid', 'the key is kept elsewhere, and has to be replaced there')
    },
    close: () => undefined,
  }
}

type Signer = { kid: string; jwk: PublicJwk; sign: Sign }

function signedBy(active: () => Signer): Pick<Issuer, 'attest' | 'statusList'> {
  const signAs = (typ: string) => (claims: object) => {
    const { kid, sign } = active()
    return signJws({ typ, kid }, claims, sign)
  }
  return { attest: signAs(TYP.attestation), statusList: signAs(TYP.statusList) }
}

function stateOf(key: SigningKey): KeyState {
  const { kid, state, since } = key
  return { kid, state, since, until: endOf(key) }
}

function activeOf(keys: readonly SigningKey[]): SigningKey {
  const active = keys.find(({ state }) => state === 'active')
  if (!active) throw new MusterError('internal', 'no key is active')
  return active
}

function jwksOf(keys: readonly Signer[]): ReturnType<Issuer['jwks']> {
  return { keys: keys.map(({ kid, jwk }) => ({ ...jwk, kid, alg: 'ES256', use: 'sig' })) }
}
