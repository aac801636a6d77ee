import { createServer, type ServerResponse } from 'node:http'
import { type Span, spansIn } from './wire.ts'

/** Takes traces as a collector does, or fails as one may. */
export const receiver = async (answer: (response: ServerResponse) => void = (response) => void response.end()) => {
  const spans: Span[] = []
  const bodies: Buffer[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    bodies.push(body)
    if (request.url === '/v1/traces') spans.push(...spansIn(body))
    answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    spans,
    /** As they came, to be searched for what must not be in them. */
    bodies,
    end: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
