import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const suite = 'bookworm-security'
const label = 'Debian-Security'

/**
 * An apt and a dpkg that look after a folder and leave the system alone, and a suite of security updates on disk. Their
 * programs are the real ones: whoever has `APT_CONFIG` in the environment asks this apt.
 */
export const aptStand = (folder: string) => {
  const at = (...names: readonly string[]) => join(folder, ...names)
  const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim()
  const index = at('suite', 'dists', suite, 'main', `binary-${architecture}`)
  for (const made of [
    index,
    at('dpkg', 'updates'),
    at('dpkg', 'info'),
    at('lists', 'partial'),
    at('cache'),
    at('root'),
  ]) {
    mkdirSync(made, { recursive: true })
  }
  for (const empty of ['status', 'available']) writeFileSync(at('dpkg', empty), '')
  writeFileSync(at('sources.list'), `deb [trusted=yes] file:${at('suite')} ${suite} main\n`)
  const settings = {
    'Dir::State': at('state'),
    'Dir::State::lists': at('lists'),
    'Dir::State::status': at('dpkg', 'status'),
    'Dir::Cache': at('cache'),
    'Dir::Etc::sourcelist': at('sources.list'),
    // What the system's own says besides, such as what follows an update.
    'Dir::Etc::parts': '/dev/null',
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    // Its own user may not look into a folder of ours.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  }
  const config = at('apt.conf')
  writeFileSync(
    config,
    Object.entries(settings)
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(''),
  )
  const variables = { APT_CONFIG: config }
  const run = (program: string, ...args: readonly string[]) =>
    execFileSync(program, args, { env: { ...process.env, ...variables, LC_ALL: 'C' }, encoding: 'utf8', stdio: 'pipe' })
  /** @returns the file of a package in which there is nothing */
  const build = (name: string, version: string) => {
    const own = at('built', `${name}-${version}`)
    mkdirSync(join(own, 'DEBIAN'), { recursive: true })
    const control = {
      Package: name,
      Version: version,
      Architecture: architecture,
      Maintainer: 'nobody <nobody@example.com>',
    }
    const lines = Object.entries({ ...control, Description: 'of a test' }).map((line) => `${line.join(': ')}\n`)
    writeFileSync(join(own, 'DEBIAN', 'control'), lines.join(''))
    run('dpkg-deb', '--build', '--root-owner-group', own, `${own}.deb`)
    return `${own}.deb`
  }
  const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')
  return {
    variables,
    build,
    install: (file: string) => {
      const own = [`--admindir=${at('dpkg')}`, `--instdir=${at('root')}`, `--log=${at('dpkg.log')}`]
      run('dpkg', ...own, '--force-not-root', '--install', file)
    },
    /** The suite has these packages and no others, and apt knows it. */
    publish: (...files: readonly string[]) => {
      const packages = files.map((file) => {
        const name = file.slice(at('built').length + 1)
        mkdirSync(at('suite', 'pool'), { recursive: true })
        writeFileSync(at('suite', 'pool', name), readFileSync(file))
        const fields = `Filename: pool/${name}\nSize: ${statSync(file).size}\nSHA256: ${digest(file)}\n`
        return `${run('dpkg-deb', '--field', file)}${fields}`
      })
      writeFileSync(join(index, 'Packages'), packages.join('\n'))
      const path = `main/binary-${architecture}/Packages`
      const list = join(index, 'Packages')
      const release = {
        ...{ Origin: 'Debian', Label: label, Suite: suite, Codename: suite, Version: '12' },
        ...{ Date: new Date().toUTCString(), Architectures: architecture, Components: 'main' },
        SHA256: `\n ${digest(list)} ${statSync(list).size} ${path}`,
      }
      const lines = Object.entries(release).map((line) => `${line.join(': ')}\n`)
      writeFileSync(at('suite', 'dists', suite, 'Release'), lines.join(''))
      run('apt-get', 'update')
    },
  }
}
