import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { ourDelivery, routesOf } from '../../alerts/routes.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { findProgram, pathFolders, run } from '../../compose/local/run.ts'
import { plainYaml } from '../../compose/yaml.ts'
import { everyManifest, kubernetesTexts, ofKind, theOne } from '../unit/compose/kubernetes-manifests.ts'

const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const put = (path: string, text: string) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
  return join(folder, path)
}

// The first run of a checkout fetches them: Debian's own, and those of the majors that images run.
const programs = await ensurePrograms(['promtool', 'promtool-3', 'amtool', 'amtool-0.3'])

describe.each(['promtool', 'promtool-3'] as const)('%s', (name) => {
  test('accepts the rules that are taken out of the objects', async () => {
    const { path, env } = programs[name]
    const files = ofKind('PrometheusRule').map(({ metadata, spec }) => put(`${metadata.name}.yml`, plainYaml(spec)))
    const { code, output } = await run([path, 'check', 'rules', ...files], { env })
    expect(output).not.toContain('FAILED')
    expect(output.match(/SUCCESS/g)).toHaveLength(files.length)
    expect(code).toBe(0)
  })
})

describe.each(['amtool', 'amtool-0.3'] as const)('%s', (name) => {
  test('accepts the configuration in the Secret, with its templates beside it', async () => {
    const { path, env } = programs[name]
    const data = z.record(z.string(), z.string()).parse(theOne('Secret', 'techplus-alertmanager').stringData)
    // They stand where the operator mounts them: amtool finds them here.
    const here = (text: string) => text.replace('/etc/alertmanager/config/', `${folder}/${name}/`)
    for (const [file, text] of Object.entries(data)) put(`${name}/${file}`, here(text))
    const config = join(folder, name, 'alertmanager.yaml')
    const { code, output } = await run([path, 'check-config', config], { env })
    expect(output).not.toContain('FAILED')
    expect(output).toContain(`${routesOf(ourDelivery).length + 2} receivers`)
    expect(output).toContain('1 templates')
    expect(code).toBe(0)
  })
})

// Nothing here fetches it: with it, it is asked.
const kubectl = findProgram(['kubectl'], pathFolders())

test.skipIf(!kubectl)('kustomize builds all of it, each object in its namespace', async () => {
  for (const [path, text] of kubernetesTexts) put(path, text)
  const { code, output } = await run([kubectl ?? '', 'kustomize', join(folder, 'kubernetes/stack')], {})
  expect(code).toBe(0)
  const built = parseAllDocuments(output).map((one) => one.toJS())
  expect(built).toHaveLength(everyManifest.length)
  const home = built.filter(({ kind }) => kind !== 'Namespace').map(({ metadata }) => metadata.namespace)
  expect([...new Set(home)]).toEqual(['techplus-observability'])
})
