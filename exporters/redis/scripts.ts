import { counter, gauge } from '../../metrics/metric.ts'
import { fieldCollector, theirs } from './fields.ts'

/** Scripts and functions, and what they take. */
export const scripts = fieldCollector('scripts', {
  number_of_cached_scripts: gauge(theirs('number_of_cached_scripts', 'Scripts that EVAL has left in the cache')),
  number_of_functions: gauge(theirs('number_of_functions', 'Functions that are loaded')),
  number_of_libraries: gauge(theirs('number_of_libraries', 'Libraries of functions that are loaded')),
  evicted_scripts: counter(theirs('evicted_scripts_total', 'Scripts dropped from the cache to make room')),
  used_memory_lua: gauge(theirs('memory_used_lua_bytes', 'Bytes of the Lua engine')),
  used_memory_scripts: gauge(theirs('memory_used_scripts_bytes', 'Bytes of cached scripts and functions')),
  used_memory_scripts_eval: gauge(theirs('memory_used_scripts_eval_bytes', 'Bytes of the bookkeeping of scripts')),
  used_memory_vm_eval: gauge(theirs('memory_used_vm_eval_bytes', 'Bytes of the engine that runs scripts')),
  used_memory_functions: gauge(theirs('memory_used_functions_bytes', 'Bytes of the bookkeeping of functions')),
  used_memory_vm_functions: gauge(theirs('memory_used_vm_functions_bytes', 'Bytes of the engine that runs functions')),
  used_memory_vm_total: gauge(theirs('memory_used_vm_total', 'Bytes of both engines')),
})
