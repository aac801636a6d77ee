// A service that knows nothing of its instrumentation: Node's own server, Fastify and Express in one process.
const { createServer } = require('node:http')
const express = require('express')
const Fastify = require('fastify')

const port = (name) => Number(process.env[name])
createServer((request, response) => response.end(request.url)).listen(port('BARE_PORT'), '127.0.0.1')

const app = express()
const guests = express.Router()
guests.get('/orders/:order', (_request, response) => response.send('an order'))
app.use('/guests/:guest', guests)
app.listen(port('EXPRESS_PORT'), '127.0.0.1')

const fastify = Fastify()
fastify.get('/reservations/:id', async () => 'a reservation')
fastify.listen({ port: port('FASTIFY_PORT'), host: '127.0.0.1' })
