import { buckets, serveFastify } from './fastify-app.ts'

/** The least that can count a request by route and status: a hook that adds to plain arrays. Nobody would print these. */
const routes: (string | undefined)[] = []
const statuses: number[] = []
const mostStatuses = 16
const width = buckets.length + 1
const counts: number[] = []
const sums: number[] = []

const placeIn = <Value>(known: Value[], value: Value) => {
  const place = known.indexOf(value)
  return place < 0 ? known.push(value) - 1 : place
}

const add = (route: string | undefined, status: number, seconds: number) => {
  const place = placeIn(routes, route) * mostStatuses + placeIn(statuses, status)
  let bucket = 0
  while (bucket < buckets.length && seconds > (buckets[bucket] ?? 0)) bucket += 1
  counts[place * width + bucket] = (counts[place * width + bucket] ?? 0) + 1
  sums[place] = (sums[place] ?? 0) + seconds
}

await serveFastify((app) => {
  app.get('/metrics', async () => `requests_total ${counts.reduce((sum, count) => sum + count, 0)}\n`)
  app.addHook('onResponse', (request, reply, done) => {
    add(request.routeOptions.url, reply.statusCode, reply.elapsedTime / 1000)
    done()
  })
})
