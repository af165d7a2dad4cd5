import { isIP } from 'node:net'

/** Whether a host is this very machine, where plain HTTP sends nothing past anybody. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))
}
