import express, { type Express } from 'express'

/** The service of `fastify-app.ts`, by Express. */
export const serveExpress = (instrument: (app: Express) => unknown = () => undefined) => {
  const app = express()
  instrument(app)
  app.get('/health', (_request, response) => {
    response.json({ status: 'ok' })
  })
  app.get('/reservations/:id', ({ params }, response) => {
    response.json({ id: params.id, guest: 'Ada Lovelace', covers: 4, status: 'confirmed', table: 'window' })
  })
  app.post('/reservations', express.json(), ({ body }, response) => {
    response.status(201).json({ id: '100001', guest: body.guest, covers: body.covers, status: 'confirmed' })
  })
  app.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('listening'))
}
