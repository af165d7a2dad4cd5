import type { PollAnswer, PollAsked, Stream, StreamAsked, StreamChange, StreamState, StreamStatus } from './stream.ts'
import type { Subject } from './subject.ts'

/**
 * The streams of events, each of which belongs to the gateway that made it: nobody else ever sees it. `owner` is the id of
 * the gateway. All that names a stream which there is none of throws MusterError `stream-unknown` (404).
 */
export type Streams = {
  /** It hears of what changes from now on. Throws `stream-limit` (409), `stream-invalid` (400). */
  create(owner: string, asked: StreamAsked): Promise<Stream>
  find(owner: string, id: string): Stream
  list(owner: string): Stream[]
  /** Changes what is named (PATCH). Throws `stream-invalid`. */
  update(owner: string, id: string, patch: StreamChange): Promise<Stream>
  /** What is not named is forgotten (PUT). Throws `stream-invalid`. */
  replace(owner: string, id: string, asked: StreamChange): Promise<Stream>
  remove(owner: string, id: string): Promise<void>
  status(owner: string, id: string): StreamStatus
  setStatus(owner: string, id: string, status: StreamState, reason?: string): Promise<StreamStatus>
  /** Throws `subject-unknown` (404) where it can be none of ours. */
  addSubject(owner: string, id: string, subject: Subject): Promise<void>
  removeSubject(owner: string, id: string, subject: Subject): Promise<void>
  /** Has a verification event sent. Throws `verification-too-soon` (429) and `stream-not-enabled` (409). */
  verify(owner: string, id: string, state?: string): Promise<void>
  /**
   * Takes what is acknowledged, then gives what is not. Where there is nothing it waits, at most for `POLL_WAIT_MS`, unless
   * it is to return immediately; ends early when `signal` aborts. Throws `stream-not-enabled`, `stream-invalid` for a push stream.
   */
  poll(owner: string, id: string, asked: PollAsked, signal?: AbortSignal): Promise<PollAnswer>
  /** The RSA keys that verify what is sent (RFC 7517), for `/ssf/jwks.json`. */
  jwks(): { keys: RsaJwk[] }
}

export type RsaJwk = { kty: 'RSA'; n: string; e: string; kid: string; alg: 'RS256'; use: 'sig' }

/** How long a poll that may wait does so. */
export const POLL_WAIT_MS = 30_000
/** Where a stream is polled: below the issuer, and followed by the id of the stream. */
export const POLL_PATH = '/ssf/poll'
