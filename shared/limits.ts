/** Every limit that both ends must agree on, each with its unit. */
export const LIMITS = {
  messageBytes: 256 * 1024, // one WebSocket frame
  handshakeMs: 10_000, // from connection to a good `authenticate`
  messagesPerSecond: 10, // from one device; a burst of as many again is let through
  clockSkewSeconds: 120, // how far the agent's signing time may be from the collector's
  nonceBytes: 24, // random bytes of a challenge; 32 characters of base64url (RFC 9711 allows 8 to 88)
  enrollmentNonceSeconds: 300, // life of the nonce of an enrolment
  requestBytes: 64 * 1024, // body of an HTTP request
  attestationSeconds: 600, // longest life of an attestation
  answerMs: 30_000, // an agent that waits longer for `appraised` connects again
  heartbeatSeconds: 30, // the collector pings; a connection silent for two of these is dead
} as const
