import { createServer } from 'node:http'
import { createService } from '../../../exporters/service/index.ts'

// Ends as many services do: it stops listening and has nothing more to do.

const service = createService()
const server = createServer((_request, response) => response.end('x'))
service.watch(server)
server.listen(Number(process.argv[2]), '127.0.0.1')
process.once('SIGTERM', () => server.close())
