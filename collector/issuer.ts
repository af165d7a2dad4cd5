import { MusterError } from '../shared/errors.ts'
import { TYP, signJws, thumbprint, type PublicJwk, type Sign } from '../shared/jws.ts'
import type { Clock } from './clock.ts'
import { keyFileOf, newKey, openKeyFile, writeKeyFile, type SigningKey } from './key-file.ts'
import type { AttestationClaims, StatusListClaims } from './protocol/claims.ts'
import { openKeyRing } from './key-ring.ts'
import { endOf, type KeyStage } from './protocol/key-plan.ts'

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

/**
 * Opens the keys of a folder, whatever was under way when it was last used.
 * @throws MusterError `config-invalid` where the keys cannot be used as they are
 */
export function openIssuer({ folder, keyDays, clock, onError, onChange = () => undefined }: IssuerOptions): Issuer {
  const ring = openKeyRing({
    keys: openKeyFile(folder, clock.now()),
    make: newKey,
    write: (keys) => writeKeyFile(folder, keys),
    file: keyFileOf(folder),
    keyDays,
    clock,
    onError,
    onChange: (keys) => onChange(keys.map(stateOf)),
  })
  return {
    ...signedBy(ring.active),
    jwks: () => jwksOf(ring.keys()),
    keys: () => ring.keys().map(stateOf),
    rotate: async () => stateOf(ring.rotate()),
    close: ring.close,
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

function jwksOf(keys: readonly Signer[]): ReturnType<Issuer['jwks']> {
  return { keys: keys.map(({ kid, jwk }) => ({ ...jwk, kid, alg: 'ES256', use: 'sig' })) }
}
