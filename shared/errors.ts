import { keysOf } from './schema.ts'

/**
 * The catalogue of error codes. A code never changes its meaning; one that is dropped is never used for another.
 *
 * `status` is the HTTP answer, `close` the WebSocket close code of an agent's connection; `title` says what happened,
 * `fix` what to do. `docs/errors.md` explains each, and a test compares the two.
 */
export const ERRORS = {
  // Messages and evidence
  'message-malformed': {
    status: 400,
    close: 1008,
    title: 'The message is not one of the protocol',
    fix: 'Send a message of the muster.v1 protocol. An agent that is newer than the collector has to wait for its update.',
  },
  'message-unexpected': {
    status: 409,
    close: 1008,
    title: 'The message is not due at this point of the conversation',
    fix: 'Follow the conversation: authenticate once, then one evidence at a time.',
  },
  'message-too-large': {
    status: 413,
    close: 1009,
    title: 'The message is larger than the limit',
    fix: 'Send less. A report of one device fits into a few kilobytes.',
  },
  'too-many-messages': {
    status: 429,
    close: 1008,
    title: 'More messages than the limit allows',
    fix: 'Come back later and send fewer.',
  },
  'handshake-timeout': {
    status: 408,
    close: 1008,
    title: 'The agent did not authenticate in time',
    fix: 'Connect again. If it happens each time, look at the network and at the clock of the laptop.',
  },
  'authentication-failed': {
    status: 401,
    close: 1008,
    title: 'The signature or the claims of the agent are not right',
    fix: 'Enrol the device again if its key was lost or replaced.',
  },
  'device-unknown': {
    status: 404,
    close: 1008,
    title: 'No such device is enrolled',
    fix: 'Enrol the device with a new enrolment token.',
  },
  'device-locked-out': {
    status: 403,
    close: 1008,
    title: 'An admin has locked this device out',
    fix: 'Ask your admin.',
  },
  'device-status-conflict': {
    status: 409,
    close: 1008,
    title: 'This cannot be done to a device of this status',
    fix: 'See where it stands: muster-collector device show ID.',
  },
  'evidence-invalid': {
    status: 400,
    close: 1008,
    title: 'The evidence has the wrong shape, type, issuer or signature',
    fix: 'Update the agent. If the agent is current, enrol the device again.',
  },
  'evidence-replayed': {
    status: 409,
    close: 1008,
    title: 'The nonce of the evidence is not the one that was given out',
    fix: 'Sign each report with the newest nonce of this connection.',
  },
  'clock-skew': {
    status: 400,
    close: 1008,
    title: 'The signing time is too far from the time of the collector',
    fix: 'Set the clock of the laptop, or of the server.',
  },
  'identity-conflict': {
    status: 409,
    close: 1008,
    title: 'Two machines use the key of this device',
    fix: 'Remove the copied key, and enrol both machines anew.',
  },
  superseded: {
    status: 409,
    close: 1000,
    title: 'The same device has connected again',
    fix: 'Nothing, unless it repeats: then two agents run with one key.',
  },
  'origin-refused': {
    status: 403,
    close: 1008,
    title: 'A browser may not open the connection of an agent',
    fix: 'Connect from the agent, which sends no Origin header.',
  },
  'collector-stopping': {
    status: 503,
    close: 1001,
    title: 'The collector is stopping',
    fix: 'Connect again in a moment.',
  },
  'agent-stopping': {
    status: 503,
    close: 1000,
    title: 'The agent is stopping',
    fix: 'Nothing: it connects again when it starts.',
  },

  // Enrolment
  'enrollment-token-invalid': {
    status: 403,
    close: 1008,
    title: 'The enrolment token is unknown, used up or expired',
    fix: 'Ask your admin for a new enrolment string.',
  },
  'enrollment-proof-invalid': {
    status: 400,
    close: 1008,
    title: 'The enrolment proof is not right',
    fix: 'Run the enrolment again. If it repeats, update the agent.',
  },
  'enrollment-string-invalid': {
    status: 400,
    close: 1008,
    title: 'The enrolment string cannot be read',
    fix: 'Paste the whole string. It begins with "muster1.".',
  },

  // Gateways
  'gateway-key-missing': {
    status: 401,
    close: 1008,
    title: 'The request carries no gateway key',
    fix: 'Send it in "Authorization: Bearer mgw_..." or in "Muster-Gateway-Key".',
  },
  'gateway-key-invalid': {
    status: 401,
    close: 1008,
    title: 'The gateway key is not known, or it was replaced',
    fix: 'Make one with "muster-collector gateway create NAME".',
  },
  'access-token-invalid': {
    status: 401,
    close: 1008,
    title: 'The access token is over, or is not one that this collector gave to a gateway of today',
    fix: 'Ask /oauth/token for a new one.',
  },
  'certificate-invalid': {
    status: 400,
    close: 1008,
    title: 'The client certificate cannot be that of a gateway',
    fix: 'Name a file with one certificate in PEM form that is valid and of no other gateway.',
  },
  'too-many-streams': {
    status: 429,
    close: 1008,
    title: 'This gateway follows the changes over as many connections as it may',
    fix: 'Close one that is not needed any more.',
  },
  'gateway-unknown': {
    status: 404,
    close: 1008,
    title: 'There is no such gateway',
    fix: 'See which there are: muster-collector gateway list.',
  },
  'scope-missing': {
    status: 403,
    close: 1008,
    title: 'The gateway key does not have the scope that this needs',
    fix: 'Make a key with that scope. Only a gateway that always overwrites Muster-Device may have "vouch".',
  },
  'device-not-named': {
    status: 401,
    close: 1008,
    title: 'The request proves no device',
    fix: 'Do the device check in the browser, send an attestation with a DPoP proof, or have a gateway that may vouch name the device.',
  },
  'attestation-refused': {
    status: 401,
    close: 1008,
    title: 'The attestation in the request is not one that holds',
    fix: 'Get a new attestation from the agent, and send it as "Authorization: DPoP <attestation>" with a DPoP proof.',
  },
  'proof-invalid': {
    status: 401,
    close: 1008,
    title: 'The DPoP proof is missing, or is not one of this request',
    fix: 'Send exactly one DPoP header: a proof for this method, address and attestation, signed with the key of the device.',
  },
  'proof-nonce-needed': {
    status: 401,
    close: 1008,
    title: 'The DPoP proof needs a nonce of the collector',
    fix: 'Make the proof again with the nonce of the DPoP-Nonce header.',
  },
  'proof-replayed': {
    status: 401,
    close: 1008,
    title: 'This DPoP proof was used before',
    fix: 'Make a new proof for each request.',
  },
  'proofs-differ': {
    status: 400,
    close: 1008,
    title: 'The request has proofs of different devices',
    fix: 'Remove the cookies of this host from the browser, which leads to a new device check, or have the gateway name only one device.',
  },
  'return-refused': {
    status: 400,
    close: 1008,
    title: 'The device check may not send a browser back to this address',
    fix: 'Name the host in the resource map of the policy, or with --host when the gateway is made.',
  },
  'device-check-over': {
    status: 403,
    close: 1008,
    title: 'This browser has no device check under way',
    fix: 'Open the address that you want to go to once more, and let the browser keep cookies.',
  },
  'browser-proof-invalid': {
    status: 400,
    close: 1008,
    title: 'What the agent signed is not a proof for this browser and this minute',
    fix: 'Check again. If it repeats, look at the clock of the laptop, and whether it is enrolled at this collector.',
  },
  'check-code-invalid': {
    status: 400,
    close: 1008,
    title: 'The device check that led here is over, or was done in another browser',
    fix: 'Open the address that you want to go to once more.',
  },
  'page-refused': {
    status: 403,
    close: 1008,
    title: 'The request does not come from our own page',
    fix: 'Use the button on the page itself.',
  },
  'tier-unknown': {
    status: 404,
    close: 1008,
    title: 'The policy has no tier of this name',
    fix: 'Use a tier of the policy in force.',
  },
  'path-refused': {
    status: 400,
    close: 1008,
    title: 'The path contains dot segments or cannot be decoded',
    fix: 'Have the gateway send a normalised path.',
  },
  stale: {
    status: 409,
    close: 1008,
    title: 'There is no fresh evidence of this device',
    fix: 'Wait until the laptop is online and has reported.',
  },
  'not-admitted': {
    status: 403,
    close: 1008,
    title: 'The device is not admitted to this tier',
    fix: 'Mend the checks that are named, then check again.',
  },

  // Requests in general
  'request-invalid': {
    status: 400,
    close: 1008,
    title: 'The request has the wrong shape',
    fix: 'Compare it with /openapi.json.',
  },
  'not-found': {
    status: 404,
    close: 1008,
    title: 'There is nothing at this address',
    fix: 'Compare the address with /openapi.json.',
  },
  'not-ready': {
    status: 503,
    close: 1001,
    title: 'The collector cannot serve yet, or cannot write',
    fix: 'Look at /readyz and at the log of the collector.',
  },
  'store-unavailable': {
    status: 503,
    close: 1013,
    title: 'The database could not be used, so nothing was accepted',
    fix: 'Look at the disk and at the database of the collector. The agent tries again by itself.',
  },
  internal: {
    status: 500,
    close: 1011,
    title: 'The collector made a mistake',
    fix: 'Look at its log, and report it.',
  },

  // Starting and configuring
  'config-invalid': {
    status: 500,
    close: 1011,
    title: 'The configuration is not right',
    fix: 'Mend what is listed, then run "muster-collector check-config".',
  },
  'policy-invalid': {
    status: 400,
    close: 1011,
    title: 'The policy is not right',
    fix: 'Mend what is listed. The policy in force stays.',
  },
  'policy-version-unknown': {
    status: 404,
    close: 1011,
    title: 'There is no such version of the policy',
    fix: 'See which there are: muster-collector policy list.',
  },
  'exception-invalid': {
    status: 400,
    close: 1011,
    title: 'The exception cannot be granted as it stands',
    fix: 'Name one device, tag or group, a check, an approver, a reason, and an end at most 90 days ahead.',
  },
  'exception-unknown': {
    status: 404,
    close: 1011,
    title: 'There is no such exception in force',
    fix: 'See which there are: muster-collector exception list.',
  },
  'releases-invalid': {
    status: 400,
    close: 1011,
    title: 'The release catalogue, or a feed for it, is not right',
    fix: 'Mend what is named, or wait for the next copy. The catalogue in force stays.',
  },
  'releases-unverified': {
    status: 400,
    close: 1011,
    title: 'A release feed does not have the checksum or the signature that was pinned',
    fix: 'Compare the pin with what its publisher says. The catalogue in force stays.',
  },
  'releases-unreachable': {
    status: 502,
    close: 1011,
    title: 'A release feed could not be fetched or read',
    fix: 'Look at the address, the proxy and the firewall, or name a file. The catalogue in force stays.',
  },
  'stream-unknown': {
    status: 404,
    close: 1008,
    title: 'There is no such event stream of this gateway',
    fix: 'List the streams, and make one where there is none.',
  },
  'stream-invalid': {
    status: 400,
    close: 1008,
    title: 'The event stream cannot be as it was asked for',
    fix: 'Change what the detail names.',
  },
  'stream-limit': {
    status: 409,
    close: 1008,
    title: 'The gateway has as many event streams as it may have',
    fix: 'Use one of them, or remove one that is not needed any more.',
  },
  'stream-not-enabled': {
    status: 409,
    close: 1008,
    title: 'The event stream is paused or disabled, so nothing is sent',
    fix: 'Set its status to enabled first.',
  },
  'subject-unknown': {
    status: 404,
    close: 1008,
    title: 'There can be no events of this subject',
    fix: 'Name a device by iss_sub with the issuer of this collector, or a user by e-mail.',
  },
  'verification-too-soon': {
    status: 429,
    close: 1008,
    title: 'Verification of the stream was asked for a moment ago',
    fix: 'Wait as long as min_verification_interval of the stream says.',
  },
  'status-list-unknown': {
    status: 404,
    close: 1011,
    title: 'There is no such status list',
    fix: 'Ask for the address that the attestation names.',
  },
  'audit-damaged': {
    status: 500,
    close: 1011,
    title: 'The audit log is not what was written',
    fix: 'Keep the data folder as it is, and compare it with exports and backups of before: see docs/audit.md.',
  },
  'data-folder-in-use': {
    status: 500,
    close: 1011,
    title: 'Another collector runs on this data folder',
    fix: 'Stop it, or name another folder with --data.',
  },
  'collector-unreachable': {
    status: 503,
    close: 1011,
    title: 'The collector cannot be reached',
    fix: 'Look at its address and at the network. The agent keeps trying.',
  },
  'not-enrolled': {
    status: 409,
    close: 1011,
    title: 'This device is not enrolled',
    fix: 'Run "muster-agent enroll STRING" with the string that your admin gave you.',
  },
  'already-enrolled': {
    status: 409,
    close: 1011,
    title: 'This device is enrolled already',
    fix: 'Run "muster-agent unenroll" first.',
  },
  'agent-state-damaged': {
    status: 500,
    close: 1011,
    title: 'What the agent keeps on disk is damaged',
    fix: 'Remove the folder that is named, then enrol this device again.',
  },
  'agent-key-exposed': {
    status: 500,
    close: 1011,
    title: 'Others than its owner can read the device key, so it may have been copied',
    fix: 'If nobody else uses this machine, close the file to others; otherwise unenrol and enrol again.',
  },
  'agent-socket-unsafe': {
    status: 500,
    close: 1011,
    title: "The folder of the agent's socket is open to others, so the agent does not listen there",
    fix: 'Close the folder to others, or name another with --socket.',
  },
  'agent-running': {
    status: 409,
    close: 1011,
    title: 'An agent runs already',
    fix: 'Stop it first, or name another socket and data folder.',
  },
  'agent-not-running': {
    status: 503,
    close: 1011,
    title: 'No agent answers',
    fix: 'Start one with "muster-agent run".',
  },
  'address-not-encrypted': {
    status: 400,
    close: 1011,
    title: 'The address of the collector is not encrypted, and not of this machine',
    fix: 'Ask your admin for a string with https://.',
  },
  'platform-unsupported': {
    status: 500,
    close: 1011,
    title: 'This system is not one that this release works on',
    fix: 'Look into the README for what it works on.',
  },
  'recording-invalid': {
    status: 400,
    close: 1011,
    title: 'The recording cannot be read',
    fix: 'Look at what is named, and have the recording made again.',
  },
  'recording-not-written': {
    status: 500,
    close: 1011,
    title: 'The recording could not be written',
    fix: 'Name a folder that you may write to, on a disk with room.',
  },
} as const satisfies Record<string, { status: number; close: number; title: string; fix: string }>

export type ErrorCode = keyof typeof ERRORS

/** A code that came from elsewhere; one that a newer release knows and this one does not is `internal` here. */
export function knownCode(code: string): ErrorCode {
  return keysOf(ERRORS).find((known) => known === code) ?? 'internal'
}

/** An error with a code of the catalogue. `detail` says what happened this time; it never contains a secret. */
export class MusterError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? ERRORS[code].title, options)
    this.name = 'MusterError'
    this.code = code
  }

  /** One line for a terminal: what happened and what to do. */
  get advice(): string {
    const { title, fix } = ERRORS[this.code]
    return `${sentence(this.message === title ? title : `${title}: ${this.message}`)} ${fix} (${this.code})`
  }
}

/** Ends a text so that another may follow: what ends with a mark already, as `did you mean "wren"?`, gets no second one. */
export function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`
}
