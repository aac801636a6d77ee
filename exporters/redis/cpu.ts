import { counter } from '../../metrics/metric.ts'
import { fieldCollector, theirs } from './fields.ts'

/** Time on the processor. One thread runs every command: near 1 a second it is the limit. */
export const cpu = fieldCollector('cpu', {
  used_cpu_user: counter(theirs('cpu_user_seconds_total', 'Time in the program, in seconds')),
  used_cpu_sys: counter(theirs('cpu_sys_seconds_total', 'Time in the kernel, in seconds')),
  used_cpu_user_main_thread: counter(
    theirs('cpu_user_main_thread_seconds_total', 'Time of the thread that runs commands in the program, in seconds'),
  ),
  used_cpu_sys_main_thread: counter(
    theirs('cpu_sys_main_thread_seconds_total', 'Time of the thread that runs commands in the kernel, in seconds'),
  ),
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
