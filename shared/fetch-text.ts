import type { Parsed } from './schema.ts'

/** As the platform's own; a program may wrap it, to go through a proxy or to trust a certificate. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export type TextRequest = { url: string; accept: string; maxBytes: number; timeoutMs: number }

/** Fetches a text of bounded size in bounded time. Says what went wrong rather than throwing. */
export async function fetchText(
  fetch: Fetch,
  { url, accept, maxBytes, timeoutMs }: TextRequest,
): Promise<Parsed<string>> {
  const signal = AbortSignal.timeout(timeoutMs)
  // Also where what was given as `fetch` does not care for the signal.
  const tooLate = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${timeoutMs} ms`)), { once: true })
  })
  const request = async (): Promise<Parsed<string>> => {
    const response = await fetch(url, { headers: { accept }, redirect: 'error', signal })
    if (response.status !== 200) return { ok: false, problem: `${url} answered ${response.status}` }
    return textOf(response, maxBytes)
  }
  try {
    return await Promise.race([request(), tooLate])
  } catch (error) {
    return { ok: false, problem: `${url}: ${error instanceof Error ? error.message : String(error)}` }
  }
}

async function textOf({ body }: Response, maxBytes: number): Promise<Parsed<string>> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop gives the body up, however much of it is still to come.
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return { ok: false, problem: `it is larger than ${maxBytes} bytes` }
    chunks.push(chunk)
  }
  return { ok: true, value: Buffer.concat(chunks).toString('utf8') }
}
