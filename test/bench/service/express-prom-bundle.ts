import promBundle from 'express-prom-bundle'
import { serveExpress } from './express-app.ts'

/** With the labels that ours has: method, path and status. */
serveExpress((app) => app.use(promBundle({ includeMethod: true, includePath: true })))
