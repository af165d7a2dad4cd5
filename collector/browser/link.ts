import { CHECK_LIMITS } from './limits.ts'

/**
 * The address of the device check for a browser that was refused at `returnTo`; `state` is what `newState` made. An
 * address that is too long for the check becomes that of the front page.
 */
export function deviceCheckUrl(check: { issuerUrl: string; returnTo: string; tier: string; state: string }): string {
  const { issuerUrl, returnTo, tier, state } = check
  const back = JSON.stringify(returnTo).length > CHECK_LIMITS.returnCharacters ? frontPageOf(returnTo) : returnTo
  return `${issuerUrl}/v1/device-check?${new URLSearchParams({ return: back, tier, state }).toString()}`
}

function frontPageOf(address: string): string {
  return URL.parse('/', address)?.href ?? address
}
