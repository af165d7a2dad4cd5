/** The name of a `Host` header without its port, in lower case and without the dot that may end it. */
export function hostnameOf(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
}
