import { parse } from 'yaml'
import { yaml } from '../../../compose/yaml.ts'

/** How soon, in Alertmanager's terms. */
export interface Pace {
  readonly group_wait: string
  readonly group_interval: string
  readonly repeat_interval: string
}

interface RouteTree extends Partial<Pace> {
  readonly routes?: readonly RouteTree[]
}

const paced = (route: RouteTree, pace: Pace): RouteTree => ({
  ...route,
  ...pace,
  ...(route.routes && { routes: route.routes.map((one) => paced(one, pace)) }),
})

/** Business hours without an end. */
const always = [{ times: [{ start_time: '00:00', end_time: '24:00' }] }]

/** A configuration as it is generated, in which nothing waits longer than `pace` says, nor for business hours. */
export const hurried = (text: string, pace: Pace): string => {
  const config: { readonly route: RouteTree; readonly time_intervals?: readonly { readonly name: string }[] } =
    parse(text)
  return yaml({
    ...config,
    route: paced(config.route, pace),
    ...(config.time_intervals && {
      time_intervals: config.time_intervals.map(({ name }) => ({ name, time_intervals: always })),
    }),
  })
}
