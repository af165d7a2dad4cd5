import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type FeedServer = {
  /** The address of a path. */
  at(path: string): string
  /** What was asked for, in order. */
  asked: { path: string; headers: IncomingHttpHeaders }[]
  /** What a path answers from now on: a text with status 200, or whatever the function does. */
  answer(path: string, how: string | Uint8Array | ((request: IncomingMessage, response: ServerResponse) => void)): void
  close(): Promise<void>
}

/** A real server on this machine that answers what a test tells it to, and 404 to all else. */
export async function feedServer(): Promise<FeedServer> {
  const answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>()
  const asked: FeedServer['asked'] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push({ path, headers: request.headers })
    const how = answers.get(path)
    if (how) how(request, response)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  // It listens on a port of TCP, so that its address is one of those.
  const { port } = server.address() as AddressInfo
  return {
    at: (path) => `http://127.0.0.1:${port}${path}`,
    asked,
    answer: (path, how) =>
      void answers.set(path, typeof how === 'function' ? how : (_request, response) => void response.end(how)),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
