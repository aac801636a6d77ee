import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { theirs } from './fields.ts'
import type { Redis } from './source.ts'

const labels = ['name', 'ver', 'api', 'filters', 'usedby', 'using'] as const
export const moduleInfo = gauge({ ...theirs('module_info', 'A module that is loaded: always 1'), labels })

// Lists have commas of their own.
const line =
  /^name=(?<name>[^,]*),ver=(?<ver>\d+),api=(?<api>\d+),filters=(?<filters>\d+),usedby=(?<usedby>\[[^\]]*\]),using=(?<using>\[[^\]]*\])/

/** Which modules extend the server. */
export const modules: Collector<Redis> = {
  name: 'modules',
  metrics: [moduleInfo],
  async collect({ info }) {
    const lines = new Set<string>((await info()).get('module')?.split('\n') ?? [])
    return [...lines].flatMap((text) => {
      const found = line.exec(text)?.groups
      if (!found) return []
      const { name = '', ver = '', api = '', filters = '', usedby = '', using = '' } = found
      return [moduleInfo.sample(1, { name, ver, api, filters, usedby, using })]
    })
  },
}
