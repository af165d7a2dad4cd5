/** What a hostile client says in headers; it must turn up nowhere. */
export const MARK = 'said-by-the-client'

export const POSTURE_HEADERS = [
  'x-posture-device-id',
  'x-posture-status',
  'x-posture-reasons',
  'x-posture-evaluated-at',
  'x-posture-expires',
  'x-auth-request-user',
]

/** `onlyByPrefix`: a name that no part of Muster uses, so a gateway removes it only if it goes by how a name begins. */
export type HostileHeader = { name: string; onlyByPrefix?: true }

const KNOWN_NAMES = `
  Muster-Device MUSTER-DEVICE Muster_Device muster_device Muster-Gateway-Key Muster_Gateway_Key Muster-Gateway_Key Muster-Page Muster_Page
  X-Posture-Device-Id X_Posture_Device_Id X-Posture_Device-Id X-Posture-Status X_POSTURE_STATUS X_Posture-Status X-Posture-Reasons
  X-Posture-Evaluated-At X-Posture-Expires X-Posture-EAR X-Auth-Request-User X_Auth_Request_User X-Auth-Request-Email X-Auth-Request-Groups
  X-Forwarded-For X_Forwarded_For X-Forwarded-Host X_Forwarded_Host X-Forwarded-Proto X-Forwarded-Uri X-Forwarded-Method X-Forwarded-Port
  X-Forwarded-Server X-Forwarded-Prefix X-Forwarded-User Forwarded X-Original-Method X-Original-Uri X_Original_Uri X-Original-Url
  X-Original-Host X-Rewrite-Url X-Real-IP`
const OTHER_NAMES = 'Muster-Foo X-Posture-Foo x_posture_foo X-Auth-Request-Foo X-Forwarded-Foo X-Original-Foo'
const wordsOf = (text: string) => text.trim().split(/\s+/)

export const HOSTILE_HEADERS: readonly HostileHeader[] = [
  ...wordsOf(KNOWN_NAMES).map((name) => ({ name })),
  ...wordsOf(OTHER_NAMES).map((name) => ({ name, onlyByPrefix: true as const })),
]

/** None of these may have anything else asked than what the gateway is set up to ask. */
export const HOSTILE_PATHS: readonly string[] = [
  '/?tier=public',
  '/x?tier=public&device=dev_x#y',
  '//',
  '//evil.example.com/x',
  '/x/../y',
  '/../../v1/forward-auth/public',
  '/%2e%2e/%2e%2e/public',
  '/..%2f..%2fpublic',
  '/.%2e/public',
  '/..;/public',
  '/;tier=public',
  '/x%00y',
  '/x%0d%0aMuster-Device:%20y',
  '/x%23public',
  '/%',
  '/x\\..\\public',
  '/_muster/check',
  '/_muster/unavailable.html',
  '//_muster/check',
  '/%5fmuster/check',
  '/_muster/',
  '/@muster_refused',
  '/v1/forward-auth/public',
  '/v1/admin/devices',
  '/index.php/.muster/callback',
  'x',
  '*',
]

/** All of them are `/payroll` for one application or another. */
export const PAYROLL_PATHS: readonly string[] = [
  '/payroll',
  '/payroll/',
  '/payroll/slips?x',
  '/payroll;x=1/slips',
  '/payroll?x',
  '//payroll',
  '///payroll/slips',
  '/%70ayroll',
  '/%70%61%79%72%6f%6c%6c/slips',
  '/x/../payroll',
  '/x/%2e%2e/payroll',
  '/x/..%2fpayroll',
  '/./payroll',
  '/%2e/payroll',
  '/PAYROLL',
  '/Payroll/slips',
  '/%50AYROLL',
  '/payroll%2fslips',
  '/payroll%00',
  '/payroll.json',
]
