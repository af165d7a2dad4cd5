/** Every limit of the device check, each with its unit. */
export const CHECK_LIMITS = {
  preSessionSeconds: 3600, // from the page to the last "check again" on it
  nonceSeconds: 60, // from the page's question to the agent's proof
  spentNonces: 50_000, // each spent by a device that is enrolled, and kept for its minute; beyond it nobody gets in
  spentPerDevice: 120, // of these by one device, so that none keeps the others out
  codeSeconds: 60, // from the end of the check to the protected host
  codesPerDevice: 8, // that are not redeemed yet; the oldest goes
  stateSeconds: 3600, // from the refusal on the protected host to the end of the check
  returnCharacters: 2000, // an address that the cookie of the check has room for
  recheckMs: 10_000, // how long "check again" waits for the agent
  recheckEveryMs: 2000, // how often a device is asked for it
} as const
