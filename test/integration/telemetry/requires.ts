import { createRequire } from 'node:module'
import { serve } from './app.ts'

const require = createRequire(import.meta.url)
const { get } = require('node:http')
await serve(
  { express: require('express'), fastify: require('fastify'), pg: require('pg'), Redis: require('ioredis') },
  get,
)
