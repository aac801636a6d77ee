import { createServer, get } from 'node:http'
import { createRequire } from 'node:module'
import express from 'express'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createService } from '../../../exporters/service/index.ts'
import { linesOf } from './kept.ts'

const express4: typeof express = createRequire(import.meta.url)('express-4')

const ending: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).toReversed()) await end()
})

/** As it is: fetch would tidy the path. */
const asked = (port: number, path: string) =>
  new Promise<void>((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, agent: false }, (response) => {
      response.resume().once('end', resolve)
    }).once('error', reject)
  })

type Build = (app: ReturnType<typeof express>, make: typeof express) => void

/** The routes under which these requests were counted, in their order. */
const routesOf = async (make: typeof express, build: Build, paths: readonly string[]) => {
  const service = createService({ metrics: false, errors: false, log: { folder: false, console: false } })
  const app = make()
  app.set('env', 'test')
  app.use(service.express)
  build(app, make)
  const server = createServer(app).listen(0, '127.0.0.1')
  ending.push(
    () => service.close(),
    () => server.close(),
  )
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  for (const path of paths) await asked(port, path)
  const counted = async () =>
    (await linesOf(service, 'http_requests_total')).map((line) =>
      line.replace(/^.*route="(.*)",status_code="(.*)"} /, '$1 $2: '),
    )
  await vi.waitFor(async () => {
    const total = (await counted()).reduce((sum, line) => sum + Number(line.split(': ')[1]), 0)
    expect(total).toBe(paths.filter((path) => !path.startsWith('/health')).length)
  })
  return counted()
}

const cases: readonly [string, Build, readonly string[], readonly string[]][] = [
  ['a route', (app) => app.get('/a/:id', (_q, r) => void r.send('x')), ['/a/1', '/a/2?x=1'], ['/a/:id 200: 2']],
  [
    'a router mounted under parameters, however they are filled',
    (app, make) => {
      const orders = make.Router()
      orders.get('/:order', (_q, r) => void r.send('x'))
      const guests = make.Router()
      guests.use('/:guest/orders', orders)
      app.use('/:town/guests', guests)
    },
    [
      '/rome/guests/ann/orders/1',
      '/guests/guests/orders/orders/orders',
      '/a%2Fb/guests/%41/orders/2',
      '/a.b*/guests/(c)/orders/3',
    ],
    ['/:town/guests/:guest/orders/:order 200: 4'],
  ],
  [
    'a router mounted under a parameter, whose first requests are strange',
    (app, make) => {
      const guest = make.Router()
      guest.get('/orders/:order', (_q, r) => void r.send('x'))
      app.use('/guests/:guest', guest)
    },
    [
      'http://evil.example/GUESTS/a%7Cb/orders/1?x=1',
      '/Guests/a|b/orders/1',
      'http://evil.example:80/guests/c/orders/2',
    ],
    ['/guests/:guest/orders/:order 200: 3'],
  ],
  [
    'a router mounted under a parameter that is first filled with a word of the pattern',
    (app, make) => {
      const guests = make.Router()
      guests.get('/:guest', (_q, r) => void r.send('x'))
      app.use('/:town/guests.list', guests)
      const tables = make.Router()
      tables.get('/free', (_q, r) => void r.send('x'))
      app.use(make === express4 ? '/tables/:table(\\d+)' : '/tables/:table', tables)
    },
    ['/guests.list/guests.list/ann', '/tables/7/free'],
    ['/:town/guests.list/:guest 200: 1', '/tables/:table/free 200: 1'],
  ],
  [
    'one router mounted at two places, by the place',
    (app, make) => {
      const rooms = make.Router()
      rooms.get('/free', (_q, r) => void r.send('x'))
      app.use(['/north', '/south'], rooms)
      app.use('/west/:wing', rooms)
    },
    ['/north/free', '/south/free', '/west/1/free', '/NORTH/free', '/west/2/free'],
    ['/north/free 200: 2', '/south/free 200: 1', '/west/:wing/free 200: 2'],
  ],
  [
    'an application mounted in another',
    (app, make) => {
      const admin = make()
      const users = make.Router()
      users.get('/:user', (_q, r) => void r.send('x'))
      admin.use('/users', users)
      app.use('/admin/:tenant', admin)
    },
    ['/admin/t1/users/7', '/admin/t2/users/8'],
    ['/admin/:tenant/users/:user 200: 2'],
  ],
  [
    'a handler that fails in a nested router, where Express has forgotten the way',
    (app, make) => {
      const guests = make.Router()
      guests.get('/broken', () => {
        throw new Error('broken')
      })
      app.use('/guests/:guest', guests)
    },
    ['/guests/ann/broken', '/guests/bob/broken'],
    ['/guests/:guest/broken 500: 2'],
  ],
  [
    'what no route answers, by one word',
    (app) => app.get('/a', (_q, r) => void r.send('x')),
    ['/wp-login.php', '/.env', '/a/b'],
    ['unmatched 404: 3'],
  ],
  [
    'a list of patterns and an expression by their words',
    (app) => {
      app.get(['/a', '/b'], (_q, r) => void r.send('x'))
      app.get(/^\/c\d+$/, (_q, r) => void r.send('x'))
    },
    ['/a', '/b', '/c1', '/c22'],
    ['/a|/b 200: 2', '/^\\\\/c\\\\d+$/ 200: 2'],
  ],
  ['no probe', (app) => app.get('/a', (_q, r) => void r.send('x')), ['/health', '/health/ready', '/a'], ['/a 200: 1']],
]

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
] as const)('%s counts', (_name, make) => {
  test.each(cases)('%s', async (_words, build, paths, expected) => {
    expect(await routesOf(make, build, paths)).toEqual(expected)
  })
})

test('a router mounted under an expression is counted by the expression, where Express keeps it', async () => {
  const build: Build = (app, make) => {
    const rooms = make.Router()
    rooms.get('/:id', (_q, r) => void r.send('x'))
    app.use(/^\/t\d+/, rooms)
  }
  const paths = Array.from({ length: 12 }, (_, at) => `/t${at}/1`)
  expect(await routesOf(express, build, paths)).toEqual(['/^\\\\/t\\\\d+//:id 200: 12'])
})
