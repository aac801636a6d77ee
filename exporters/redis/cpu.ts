import { counter } from '../../metrics/metric.ts'
import { fieldCollector, theirs } from './fields.ts'

export const cpuUser = counter(theirs('cpu_user_seconds_total', 'Time in the program, in seconds'))
export const cpuSystem = counter(theirs('cpu_sys_seconds_total', 'Time in the kernel, in seconds'))
export const mainThreadUser = counter(
  theirs('cpu_user_main_thread_seconds_total', 'Time of the thread that runs commands in the program, in seconds'),
)
export const mainThreadSystem = counter(
  theirs('cpu_sys_main_thread_seconds_total', 'Time of the thread that runs commands in the kernel, in seconds'),
)

/** Time on the processor. One thread runs every command: near 1 a second it is the limit. */
export const cpu = fieldCollector('cpu', {
  used_cpu_user: cpuUser,
  used_cpu_sys: cpuSystem,
  used_cpu_user_main_thread: mainThreadUser,
  used_cpu_sys_main_thread: mainThreadSystem,
  used_cpu_user_children: counter(
    theirs('cpu_user_children_seconds_total', 'Time of processes that save in the program, in seconds'),
  ),
  used_cpu_sys_children: counter(
    theirs('cpu_sys_children_seconds_total', 'Time of processes that save in the kernel, in seconds'),
  ),
  used_active_time_main_thread: counter(
    theirs('active_time_main_thread_seconds_total', 'Time the thread that runs commands was busy, in seconds'),
  ),
})
