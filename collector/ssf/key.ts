import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as signBytes,
  type KeyObject,
} from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Type } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { Time } from '../../shared/fact.ts'
import { jsonParserOf, oneOf, strict } from '../../shared/schema.ts'
import type { Clock } from '../clock.ts'
import { openKeyRing, type KeyRing } from '../key-ring.ts'
import { readOwn, writeOwn } from '../own-file.ts'
import { KEY_STAGES, type KeyStage } from '../protocol/key-plan.ts'

/** An RSA key as others need it (RFC 7517; RFC 7518, section 6.3). */
export type RsaJwk = { kty: 'RSA'; n: string; e: string; kid: string; alg: 'RS256'; use: 'sig' }

/** Signs security event tokens with RS256, as the CAEP interoperability profile asks for. */
export type SetSigner = {
  sign(claims: string): Promise<string>
  /** All that verify what was signed of late, and what will be signed next. */
  jwks(): Promise<{ keys: RsaJwk[] }>
  close(): void
}

export type SetSignerOptions = {
  /** The collector's own folder. */
  folder: string
  /** A key gets a successor after so many days; 0: never. */
  keyDays: number
  clock: Clock
  onError: (error: unknown) => void
  /** Told of each change of the keys once it is on disk. */
  onChange: (keys: readonly { kid: string; state: KeyStage }[]) => void
}

const BITS = 2048
/** A SET has no end: whoever keeps what was pushed, to look at it later, has a day. */
const KEPT_SECONDS = 86_400
const signed = promisify(signBytes)

const parseFile = jsonParserOf(
  strict({
    version: Type.Literal(1),
    keys: Type.Array(strict({ state: oneOf(KEY_STAGES), since: Time, pem: Type.String() }), {
      minItems: 1,
      maxItems: 32,
    }),
  }),
)

type Held = { key: KeyObject; kid: string; jwk: RsaJwk; state: KeyStage; since: Date }

/**
 * The signer with the keys of a folder. The first is made when it is first needed: most collectors never have a stream.
 * @throws MusterError `config-invalid` where the file is there and cannot be used
 */
export function openSetSigner({ folder, keyDays, clock, onError, onChange }: SetSignerOptions): SetSigner {
  const file = join(folder, 'event-keys.json')
  const former = join(folder, 'event-key.pem')
  const written = keysIn(file, former, clock.now())
  let ring: KeyRing<Held> | null = written && openRing(written)

  function openRing(keys: readonly Held[]): KeyRing<Held> {
    const write = (next: readonly Held[]) => writeKeys(file, next)
    return openKeyRing<Held>({
      keys,
      make: newKey,
      write,
      file,
      keyDays,
      keptSeconds: KEPT_SECONDS,
      clock,
      onError,
      onChange,
    })
  }

  function current(): KeyRing<Held> {
    if (ring) return ring
    const first = newKey('active', clock.now())
    try {
      writeKeys(file, [first])
    } catch (error) {
      throw new MusterError('store-unavailable', `${file} cannot be written`, { cause: error })
    }
    return (ring = openRing([first]))
  }

  return {
    async sign(claims) {
      const { key, kid } = current().active()
      const header = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'secevent+jwt', kid }))
      const text = `${header.toString('base64url')}.${Buffer.from(claims).toString('base64url')}`
      return `${text}.${(await signed('sha256', Buffer.from(text), key)).toString('base64url')}`
    },
    jwks: async () => ({
      keys: current()
        .keys()
        .map(({ jwk }) => jwk),
    }),
    close: () => ring?.close(),
  }
}

/** Of an earlier release there was one key, which is taken over. */
function keysIn(file: string, former: string, now: Date): Held[] | null {
  const text = readOwn(file)
  const pem = readOwn(former)
  if (text === null) {
    if (pem === null) return null
    const first = [heldOf(keyOf(pem, former), 'active', now, former)]
    writeKeys(file, first)
    rmSync(former)
    return first
  }
  const parsed = parseFile(text)
  if (!parsed.ok) throw new MusterError('config-invalid', `${file} is damaged: ${parsed.problem}`)
  const keys = parsed.value.keys.map((it) => heldOf(keyOf(it.pem, file), it.state, new Date(it.since), file))
  if (keys.filter(({ state }) => state === 'active').length !== 1) {
    throw new MusterError('config-invalid', `${file} is damaged: it needs one active key`)
  }
  // One that is in the file must not come back where that is removed.
  if (pem !== null && keys.some(({ kid }) => kid === heldOf(keyOf(pem, former), 'active', now, former).kid))
    rmSync(former)
  return keys
}

function writeKeys(file: string, keys: readonly Held[]): void {
  const content = keys.map(({ key, state, since }) => {
    return { state, since: since.toISOString(), pem: key.export({ type: 'pkcs8', format: 'pem' }) }
  })
  writeOwn(file, `${JSON.stringify({ version: 1, keys: content }, null, 2)}\n`)
}

function newKey(state: KeyStage, since: Date): Held {
  return heldOf(generateKeyPairSync('rsa', { modulusLength: BITS }).privateKey, state, since, 'a new key')
}

function heldOf(key: KeyObject, state: KeyStage, since: Date, from: string): Held {
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  const { n, e } = createPublicKey(key).export({ format: 'jwk' })
  if (key.asymmetricKeyType !== 'rsa' || modulusLength < BITS || n === undefined || e === undefined) {
    throw new MusterError('config-invalid', `${from} has no RSA key of ${BITS} bits or more`)
  }
  // RFC 7638: the members that are required, in this order.
  const kid = createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url')
  return { key, kid, jwk: { kty: 'RSA', n, e, kid, alg: 'RS256', use: 'sig' }, state, since }
}

function keyOf(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new MusterError('config-invalid', `${file} has a key that cannot be read`, { cause: error })
  }
}
