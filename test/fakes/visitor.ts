const STATE = /state=([A-Za-z0-9_-]{43})/

export type Visitor = ReturnType<typeof visitorOf>
type Sent = { method?: string; body?: string; headers?: Record<string, string> }

/** A browser in miniature: cookies by host, as it would keep them, and no page. */
export function visitorOf(issuerUrl: string, gatewayKey: string) {
  const jars = new Map<string, Map<string, string>>()
  const jarOf = (host: string) => jars.get(host) ?? jars.set(host, new Map()).get(host)!
  const cookies = (host: string) => [...jarOf(host)].map(([name, value]) => `${name}=${value}`).join('; ')
  const keep = (host: string, response: Response) => {
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/Max-Age=0(;|$)/.test(line)) jarOf(host).delete(name)
      else jarOf(host).set(name, value)
    }
    return response
  }
  const issuer = new URL(issuerUrl)
  return {
    jarOf,
    /** At the collector itself. */
    async open(search: Record<string, string>, headers: Record<string, string> = {}) {
      const url = `${issuer.origin}/v1/device-check?${new URLSearchParams(search).toString()}`
      const cookie = cookies('collector')
      const sent = { accept: 'text/html', ...(cookie && { cookie }), ...headers }
      return keep('collector', await fetch(url, { headers: sent, redirect: 'manual' }))
    },
    async post(step: string, body: unknown, headers: Record<string, string> = {}) {
      const sent = {
        'content-type': 'application/json',
        origin: issuer.origin,
        cookie: cookies('collector'),
        ...headers,
      }
      const url = `${issuer.origin}/v1/device-check/${step}`
      return keep('collector', await fetch(url, { method: 'POST', body: JSON.stringify(body), headers: sent }))
    },
    async nonce(): Promise<string> {
      return ((await (await this.post('nonce', {})).json()) as { nonce: string }).nonce
    },
    /** At a protected host, through its gateway. */
    async at(host: string, path: string, { headers = {}, ...init }: Sent = {}) {
      const sent = {
        accept: 'text/html',
        'muster-gateway-key': gatewayKey,
        'x-forwarded-host': host,
        cookie: cookies(host),
        ...headers,
      }
      return keep(host, await fetch(`${issuer.origin}${path}`, { ...init, headers: sent, redirect: 'manual' }))
    },
    /** What a protected host says to a browser: the question of its gateway. */
    ask(host: string, uri = '/start?x=1') {
      return this.at(host, '/v1/forward-auth/-', { headers: { 'x-forwarded-uri': uri, 'x-forwarded-proto': 'https' } })
    },
    /** From the refusal of a host to its state. */
    async refused(host: string): Promise<string> {
      const answer = await this.ask(host)
      if (answer.status !== 401) throw new Error(`not refused: ${answer.status}`)
      return STATE.exec(await answer.text())?.[1] ?? ''
    },
  }
}
