import { serveExpress } from './express-app.ts'
import { metricsOf, watching } from './ours.ts'

const watch = watching()
watch.watchAll(() => false)

serveExpress((app) => {
  app.get('/metrics', async (_request, response) => {
    response.type('text/plain').send(await metricsOf(watch))
  })
})
