import { describe, expect, test } from 'vitest'
import type { Answer, Docker } from '../../../../compose/docker/call.ts'
import { obtainImages, probeEngine } from '../../../../compose/docker/engine.ts'
import { images } from '../../../../compose/images.ts'

const answer = (change: Partial<Answer> = {}): Answer => ({ code: 0, output: '', complaint: '', ...change })

/** A docker that answers a call by how it begins, and notes each. */
const dockerThat = (answers: Readonly<Record<string, Partial<Answer>>>) => {
  const calls: string[] = []
  const docker: Docker = async (args) => {
    const call = args.join(' ')
    calls.push(call)
    const found = Object.keys(answers).find((start) => call.startsWith(start))
    return answer(found === undefined ? {} : answers[found])
  }
  return { docker, calls }
}

const well = { 'compose version': { output: '2.40.3' }, info: { output: '29.1.0 linux' } }

describe('an engine', () => {
  const probe = (answers: Parameters<typeof dockerThat>[0]) =>
    probeEngine({ docker: dockerThat({ ...well, ...answers }).docker, has: () => true })

  test.each([
    ['that answers is usable', {}, { usable: true, version: '29.1.0' }],
    [
      'with an older way of writing versions is usable',
      { 'compose version': { output: 'v2.24.0' } },
      { usable: true, version: '29.1.0' },
    ],
    [
      'with a later compose is usable',
      { 'compose version': { output: '5.0.1-desktop.1' } },
      { usable: true, version: '29.1.0' },
    ],
    ['without compose v2', { 'compose version': { code: 125 } }, 'docker has no compose plugin (compose v2)'],
    [
      'with an old compose',
      { 'compose version': { output: '2.23.3' } },
      'its compose is 2.23.3, and 2.24 is the oldest that will do',
    ],
    [
      'that is old',
      { info: { output: '20.09.1+dfsg1 linux' } },
      'the Docker engine is 20.09.1+dfsg1, and 20.10 is the oldest that will do',
    ],
    [
      'of the oldest release that will do is usable',
      { info: { output: '20.10.0+dfsg1 linux' } },
      { usable: true, version: '20.10.0+dfsg1' },
    ],
    [
      'that is not there',
      { info: { code: 1, complaint: 'Client: 29\nCannot connect to the Docker daemon' } },
      'no Docker engine answers (Cannot connect to the Docker daemon)',
    ],
    [
      'that is not there, with a client that ends well',
      { info: { output: ' ', complaint: 'no daemon' } },
      'no Docker engine answers (no daemon)',
    ],
    [
      'that hangs',
      { info: { code: null, complaint: 'no answer within 20 s' } },
      'no Docker engine answers (no answer within 20 s)',
    ],
    ['that says nothing', { info: { code: 1 } }, 'no Docker engine answers (docker ended with code 1)'],
    [
      'of Windows',
      { info: { output: '29.1.0 windows' } },
      'the Docker engine runs containers of windows, and these are of linux',
    ],
  ])('%s', async (_words, answers, expected) => {
    expect(await probe(answers)).toEqual(typeof expected === 'string' ? { usable: false, why: expected } : expected)
  })

  test('without the docker program is not asked', async () => {
    const { docker, calls } = dockerThat(well)
    expect(await probeEngine({ docker, has: () => false })).toEqual({
      usable: false,
      why: 'there is no docker on PATH',
    })
    expect(calls).toEqual([])
  })
})

describe('images', () => {
  const usable = { usable: true, version: '29.1.0' } as const
  const wanted = [images.node, images.redis]
  const obtain = async (answers: Parameters<typeof dockerThat>[0]) => {
    const { docker, calls } = dockerThat(answers)
    const said: string[] = []
    const signal = new AbortController().signal
    const engine = await obtainImages({ docker, images: wanted, say: (line) => said.push(line), signal }, usable)
    return { engine, calls, said }
  }

  test('that are here are not pulled; ours are built', async () => {
    const { engine, calls, said } = await obtain({})
    expect(engine).toBe(usable)
    expect(calls.filter((call) => call.startsWith('pull'))).toEqual([])
    expect(calls.filter((call) => call.startsWith('image inspect'))).toHaveLength(wanted.length)
    expect(calls.at(-1)).toBe('compose build')
    expect(said).toEqual(['Building our own images ...'])
  })

  test('that are not here are pulled, and that is said', async () => {
    const { engine, calls, said } = await obtain({ [`image inspect ${images.redis}`]: { code: 1 } })
    expect(engine).toBe(usable)
    expect(calls).toContain(`pull ${images.redis}`)
    expect(said).toContain(`Pulling ${images.redis} ...`)
  })

  test('that cannot be pulled are a reason, and nothing more is tried', async () => {
    const { engine, calls } = await obtain({
      'image inspect': { code: 1 },
      pull: { code: 1, complaint: 'Error response from daemon: no such host' },
    })
    expect(engine).toEqual({
      usable: false,
      why: `the image ${images.node} cannot be pulled: Error response from daemon: no such host`,
    })
    expect(calls.filter((call) => call.startsWith('pull'))).toHaveLength(1)
    expect(calls).not.toContain('compose build')
  })

  test('of ours that cannot be built are a reason', async () => {
    const { engine } = await obtain({ 'compose build': { code: 17 } })
    expect(engine).toEqual({ usable: false, why: 'our own images cannot be built, as said above' })
  })

  test('are not waited for by somebody who wants the end', async () => {
    const { docker } = dockerThat({ 'compose build': { code: 130 } })
    const asked = obtainImages({ docker, images: wanted, say: () => undefined, signal: AbortSignal.abort() }, usable)
    await expect(asked).rejects.toThrow('abort')
  })
})
