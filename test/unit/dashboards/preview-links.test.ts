import { expect, test } from 'vitest'
import { headLinks, linksOf } from '../../../dashboards/preview/page/links.ts'
import type { Scene } from '../../../dashboards/preview/page/scene.ts'
import { parseState } from '../../../dashboards/preview/page/url-state.ts'

const annotations = { list: [{ name: 'Backup' }] }
const state = parseState('?from=now-1h&to=now&theme=light&mark-Backup=off&viewPanel=3', { annotations })
const scene: Scene = { ...JSON.parse('{}'), state, lookup: () => undefined }
const listed = [{ uid: 'sla', title: 'SLA', tags: ['techplus'] }]
const look = 'theme=light&mark-Backup=off'

const dataLink = (url: string) => {
  const field = { ...JSON.parse('{}'), config: { links: [{ title: 'Open', url }] } }
  return linksOf({ fields: [field], field }, scene).map(({ href }) => href)
}
const headLink = (link: object) => headLinks([link], scene, listed).map(({ href }) => href)

test('every kind of link to a dashboard takes along how the page looks', () => {
  expect(dataLink(`/d/sla?\${__url_time_range}&var-a=b#x`)).toEqual([`/d/sla?from=now-1h&to=now&var-a=b&${look}#x`])
  expect(headLink({ type: 'link', url: '/d/sla', keepTime: true })).toEqual([`/d/sla?from=now-1h&to=now&${look}`])
  expect(headLink({ type: 'dashboards', tags: ['techplus'] })).toEqual([`/d/sla?${look}`])
})

test('a link to elsewhere takes along what it asks for alone', () => {
  expect(dataLink(`https://example.org/?\${__url_time_range}`)).toEqual(['https://example.org/?from=now-1h&to=now'])
  expect(headLink({ type: 'link', url: 'https://example.org/' })).toEqual(['https://example.org/'])
})
