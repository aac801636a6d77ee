import { expect, test } from 'vitest'
import { drawnFor } from '../../../compose/preview-dashboards.ts'
import { readEnv } from '../../../config/env.ts'

test('the login of Prometheus stands on no page', () => {
  const drawn = drawnFor(readEnv({ PROMETHEUS_URL: 'https://a-name:a-password@prometheus.internal/base/' }))
  const links = JSON.stringify(drawn).match(/https:\/\/[^"#]*runbook\.html/g)
  expect(new Set(links)).toEqual(new Set(['https://prometheus.internal/base/consoles/runbook.html']))
  expect(JSON.stringify(drawn).includes('a-password')).toBe(false)
})
