/** The address of the device check for a browser that was refused at `returnTo`; `state` is what `newState` made. */
export function deviceCheckUrl(check: { issuerUrl: string; returnTo: string; tier: string; state: string }): string {
  const { issuerUrl, returnTo, tier, state } = check
  return `${issuerUrl}/v1/device-check?${new URLSearchParams({ return: returnTo, tier, state }).toString()}`
}
