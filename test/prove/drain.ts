import { get } from 'node:http'
import { connect } from 'node:net'

/** Asks once for each message, from a process of its own, and tells of the bytes that came; a `deaf` one never reads any. */
interface Question {
  readonly url: string
  readonly encoding: string
  readonly deaf: boolean
}

const headers = ({ encoding }: Question) => ({ 'accept-encoding': encoding, connection: 'close' })

const read = (question: Question) => {
  get(question.url, { headers: headers(question) }, (response) => {
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    response.once('end', () => process.send?.(bytes))
  })
}

const deafen = ({ url, encoding }: Question) => {
  const { hostname, port, pathname } = new URL(url)
  const socket = connect(Number(port), hostname).pause()
  socket.on('error', () => undefined)
  const lines = [`GET ${pathname} HTTP/1.1`, `host: ${hostname}`, `accept-encoding: ${encoding}`]
  socket.write(`${lines.join('\r\n')}\r\nx-prometheus-scrape-timeout-seconds: 1\r\n\r\n`)
}

process.on('message', (question: Question) => (question.deaf ? deafen : read)(question))
process.send?.('ready')
