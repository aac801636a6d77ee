import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Answer, Docker } from '../../../../compose/docker/call.ts'
import { pinnedFileName } from '../../../../compose/docker/files.ts'
import { pinnedFile } from '../../../../compose/docker/pin.ts'
import { images } from '../../../../compose/images.ts'
import { root } from '../../../../compose/plan.ts'

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
const none = () => undefined

/** A docker whose registry gives every image, as long as nothing else is said of a call that contains that. */
const dockerThat = (answers: Readonly<Record<string, Partial<Answer>>> = {}) => {
  const docker: Docker = async (args) => {
    const call = args.join(' ')
    const found = Object.keys(answers).find((part) => call.includes(part))
    const repository = args.at(-1)?.replace(/:[^:]*$/, '')
    const told = `mirror.internal/${repository}@sha256:of-elsewhere\n${repository}@${digest}`
    const usual = call.startsWith('image inspect') ? { output: told } : {}
    return { code: 0, output: '', complaint: '', ...usual, ...(found === undefined ? {} : answers[found]) }
  }
  return docker
}

const composed = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true })

describe('pinning', () => {
  test('names every image of docker-compose.yml and of compose/Dockerfile by its tag and digest', async () => {
    const docker = dockerThat({ 'compose --profile': { output: JSON.stringify(composed) } })
    const text = await pinnedFile(docker, none, new Date('2026-01-02T03:04:05Z'))
    expect(text).toMatch(/^# Written by npm run pin on 2026-01-02: /)
    const { services } = parse(text)
    for (const [name, one] of Object.entries<{ image: string; build?: object }>(composed.services)) {
      if (one.build) {
        expect(services[name]).toEqual({
          build: {
            args: { NODE_IMAGE: `${images.node}@${digest}`, POSTGRES_IMAGE: `${images.postgres}@${digest}` },
          },
        })
      } else if (one.image.startsWith('$')) expect(services[name]).toBeUndefined()
      else expect(services[name]).toEqual({ image: `${one.image}@${digest}` })
    }
  })

  test('gives the Dockerfile every argument it has, and the image that it would take otherwise', () => {
    const lines = readFileSync(join(root, 'compose/Dockerfile'), 'utf8').matchAll(/^ARG (\w+_IMAGE)=(\S+)$/gm)
    expect([...lines].map(([, name, image]) => [name, image])).toEqual([
      ['NODE_IMAGE', images.node],
      ['POSTGRES_IMAGE', images.postgres],
    ])
  })

  test.each([
    [
      'no registry gives an image',
      { 'pull --quiet redis': { code: 1, complaint: 'a\ndial tcp: no such host' } },
      `could not pin ${images.redis}: no registry gives it (dial tcp: no such host). Nothing was written`,
    ],
    [
      'an image was made here',
      { 'image inspect': { output: '' } },
      `could not pin ${images.postgres}: its registry tells no digest. Nothing was written`,
    ],
    [
      'compose cannot read its file',
      { 'compose --profile': { code: 15, complaint: 'invalid hostPort: x' } },
      'could not read docker-compose.yml: invalid hostPort: x. Nothing was written',
    ],
  ])('where %s it says so', async (_words, answers, message) => {
    const docker = dockerThat({ 'compose --profile': { output: JSON.stringify(composed) }, ...answers })
    await expect(pinnedFile(docker, none, new Date())).rejects.toThrow(new Error(message))
  })

  test('leaves alone what somebody named by digest', async () => {
    const one = { image: `redis@${digest}` }
    const config = { ...composed, services: { ...composed.services, redis: one } }
    const { services } = parse(
      await pinnedFile(dockerThat({ 'compose --profile': { output: JSON.stringify(config) } }), none, new Date()),
    )
    expect([services.redis, services.prometheus]).toEqual([undefined, { image: `${images.prometheus}@${digest}` }])
  })

  test('writes a file that git ignores', () => {
    expect(readFileSync(join(root, '.gitignore'), 'utf8').split('\n')).toContain(`/${pinnedFileName}`)
  })
})
