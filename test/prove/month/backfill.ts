import type { RuleGroup } from '../../../alerts/alert.ts'
import { instantQuery } from '../../integration/instant-query.ts'
import type { workshop } from '../../integration/servers.ts'
import type { InputSeries } from '../../promtool/series.ts'
import { history } from '../history.ts'

/** Every sample of promtool's notation: none where it leaves one out. */
const samplesOf = (values: string): readonly (number | undefined)[] =>
  values.split(' ').flatMap((word) => {
    const [, first = '', rise = '0', times = '0'] = /^(_|[\d.]+)(?:\+([\d.]+))?(?:x(\d+))?$/.exec(word) ?? []
    if (first === '') throw new Error(`${word} is no value of promtool`)
    if (first === '_') return Array.from({ length: Number(times) }, () => undefined)
    return Array.from({ length: Number(times) + 1 }, (_, i) => Number(first) + i * Number(rise))
  })

const minute = 60

const openMetrics = (series: readonly InputSeries[], begin: number) =>
  [
    ...series.flatMap((one) =>
      samplesOf(one.values).flatMap((value, i) =>
        value === undefined ? [] : [`${one.series} ${value} ${begin + i * minute}`],
      ),
    ),
    '# EOF\n',
  ].join('\n')

/** A Prometheus in which all of this happened, a sample a minute until now, and was recorded as it happened. */
export const backfilled = async (
  shop: ReturnType<typeof workshop>,
  {
    series,
    groups,
    days,
  }: { readonly series: readonly InputSeries[]; readonly groups: readonly RuleGroup[]; readonly days: number },
) => {
  const { put, add, record, start } = await history(shop, 'month')
  const end = Math.floor(Date.now() / 1000 / minute) * minute
  const begin = end - days * 86_400
  await add(put('samples.txt', openMetrics(series, begin)))
  await record({ groups, begin, end, every: minute })
  const prometheus = shop.keep(await start())
  return {
    ask: async (promql: string): Promise<number> => {
      const [only, ...others] = await instantQuery(prometheus.url, promql, end)
      if (!only || others.length > 0) throw new Error(`${promql} finds ${only ? others.length + 1 : 0} series`)
      return Number(only.value[1])
    },
  }
}
