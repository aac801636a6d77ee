import { serveExpress } from './express-app.ts'

serveExpress()
