// Plain JavaScript on purpose: it runs before any package, tsx among them, is there.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node ${process.versions.node} is too old: install Node 20.19 or newer.`)
  process.exit(1)
}
// npm writes node_modules/.package-lock.json last, so it tells a finished installation from a broken one.
if (modified('node_modules/.package-lock.json') < modified('package-lock.json')) {
  console.log('Installing the npm packages (npm ci) ...')
  // Named, because NODE_ENV=production and npm's own settings leave them out: tsx is one of them, PostgreSQL another.
  const kinds = ['--include=dev', '--include=optional']
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', ['ci', ...kinds, ...quiet], { stdio: 'inherit' })
  process.exit(status ?? 1)
}
