import type { Expr } from '../../../../metrics/promql.ts'
import { eventually } from '../../../integration/servers.ts'
import { compressedExpr } from '../compress.ts'
import type { Watch } from '../provocation.ts'

/** Waits until so much is known of a service: what is unusual is so only beside what was usual before. */
export const known = (watch: Watch, about: Expr<'job' | 'instance'>, instance: string, least: number) =>
  eventually(
    async () => {
      const found = await watch.query(compressedExpr(about.promql))
      return Math.max(
        ...found.filter(({ metric }) => metric.instance === instance).map(({ value }) => Number(value[1])),
      )
    },
    (value) => value >= least,
    { within: 540_000, every: 500 },
  )
