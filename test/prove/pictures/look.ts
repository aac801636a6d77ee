import type { Page } from '../../../compose/local/browser.ts'

interface Drawn {
  readonly title: string
  /** What it says instead of data; undefined where it has data. */
  readonly empty: string | undefined
}

/** Every panel of a page that is to show data. */
export const drawnOn = async (page: Page): Promise<readonly Drawn[]> => {
  const panels = await page.$$eval('.panel:not([data-type=text])', (all) =>
    all.map((one) => ({ title: one.getAttribute('data-panel') ?? '', empty: one.getAttribute('data-empty') })),
  )
  return panels.map(({ title, empty }) => ({ title, empty: empty ?? undefined }))
}
