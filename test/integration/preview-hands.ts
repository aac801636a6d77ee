import { expect } from 'vitest'
import type { Page } from '../../compose/local/browser.ts'
import { settled } from '../../compose/preview-pictures.ts'
import { eventually } from './servers.ts'

/** One that has something to show. */
const chart = '.panel[data-type=timeseries]:not([data-empty])'

export const hasChart = async (page: Page) => (await page.locator(chart).count()) > 0

/** What Prometheus said beside its answers, or kept to itself: it stands where a panel shows its queries. */
export const warningsOn = (page: Page) =>
  page
    .locator('.panel[data-warnings]')
    .evaluateAll((all) => all.map((one) => `${one.dataset.panel}: ${one.dataset.warnings}`))

const queryOf = (page: Page) => new URL(page.url()).searchParams

/** Opens each choice of the head, and takes the last that is offered. */
export const chooseOn = async (page: Page) => {
  const names = await page.locator('[data-variable]').evaluateAll((all) => all.map((one) => one.dataset.variable ?? ''))
  for (const name of names) {
    const variable = page.locator(`[data-variable=${name}]`)
    await variable.locator('.control').click()
    const last = variable.locator('.choice').last()
    const text = await last.textContent()
    await last.click()
    await page.keyboard.press('Escape')
    await settled(page)
    expect(await variable.locator('.control-text').textContent()).toBe(text)
  }
  return names
}

/** Drags over the middle half of the first chart that has something to show. @returns the minutes that are left */
export const zoomOn = async (page: Page) => {
  const area = page.locator(`${chart} .u-over`).first()
  // Where it can be reached: the head lies over what is scrolled.
  await area.hover()
  const box = await area.boundingBox()
  if (!box) throw new Error('the chart is not to be seen')
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + box.width / 4, y)
  await page.mouse.down()
  await page.mouse.move(box.x + (box.width * 3) / 4, y, { steps: 4 })
  await page.mouse.up()
  await settled(page)
  const { from, to } = Object.fromEntries(queryOf(page))
  return (Number(to) - Number(from)) / 60_000
}

/** Takes one line of the chart that has most of them alone. @returns the names of all, and of those that are drawn then */
export const isolateOn = async (page: Page) => {
  const charts = page.locator(chart)
  const counts = await charts.evaluateAll((all) => all.map((one) => one.querySelectorAll('.legend-name').length))
  const most = charts.nth(counts.indexOf(Math.max(...counts)))
  const first = most.locator('.legend-name').first()
  const name = await first.textContent()
  await first.click()
  return { name, drawn: new Set(await most.locator('.legend-name:not(.off)').allTextContents()) }
}

/** Follows the first link of the head. @returns what the address keeps of before */
export const followOn = async (page: Page) => {
  const before = queryOf(page)
  const link = page.locator('.head-link').first()
  const title = await link.textContent()
  await link.click()
  await eventually(
    () => page.title(),
    (now) => title !== null && now.startsWith(title),
  )
  await settled(page)
  const after = queryOf(page)
  const kept = [...before].filter(([name]) => name === 'from' || name === 'to' || name.startsWith('var-'))
  expect(kept.filter(([name, value]) => !after.getAll(name).includes(value))).toEqual([])
  return title
}
