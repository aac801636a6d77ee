import { formatFor } from '../../../exporters/exposition.ts'
import { routeFinder } from '../../../exporters/service/http/routes.ts'
import { type HttpWatch, httpWatch } from '../../../exporters/service/http/watch.ts'
import { snapshotOf } from '../../../exporters/snapshot.ts'

/** Faults would make it faster than it is: what fails once is not measured on. */
const report = (part: string, cause: unknown) => {
  console.error(`${part} failed`, cause)
  process.exit(1)
}

/** Our HTTP metrics as a service has them, with nothing else that a service may switch on. */
export const watching = () =>
  httpWatch({
    report,
    maxSeries: 10_000,
    onLimit: () => report('http', 'too many series'),
    ignore: ['/metrics', '/health'],
    findRoute: routeFinder([]),
  })

export const metricsOf = async (watch: HttpWatch) => {
  let text = ''
  for await (const chunk of snapshotOf(await watch.kept()).body(formatFor('text/plain'), false)) text += chunk
  return text
}
