import { counter, gauge, histogram } from '../../../metrics/metric.ts'

const peer = 'prom-client'

export const cpuUser = counter({
  name: 'process_cpu_user_seconds_total',
  peer,
  help: 'CPU time of the process itself in seconds',
})
export const cpuSystem = counter({
  name: 'process_cpu_system_seconds_total',
  peer,
  help: 'CPU time that the kernel spent for the process in seconds',
})
export const cpuTime = counter({
  name: 'process_cpu_seconds_total',
  peer,
  help: 'CPU time of the process and of the kernel for it in seconds',
})
export const processStartTime = gauge({
  name: 'process_start_time_seconds',
  peer,
  help: 'Unix time at which the process started; of several processes the first',
})
export const residentMemory = gauge({
  name: 'process_resident_memory_bytes',
  peer,
  help: 'Memory of the process that is in RAM',
})
export const virtualMemory = gauge({ name: 'process_virtual_memory_bytes', peer, help: 'Address space of the process' })
export const processHeap = gauge({ name: 'process_heap_bytes', peer, help: 'Data segment of the process' })
export const openFds = gauge({
  name: 'process_open_fds',
  peer,
  help: 'File descriptors that are open, sockets among them',
})
export const maxFds = gauge({ name: 'process_max_fds', peer, help: 'File descriptors that may be open' })
export const eventLoopLag = gauge({
  name: 'nodejs_eventloop_lag_seconds',
  peer,
  help: 'Lag of the event loop at the scrape before',
})
export const eventLoopLagMin = gauge({
  name: 'nodejs_eventloop_lag_min_seconds',
  peer,
  help: 'Least delay of the event loop over the last stretch of time; 0.01 is none',
})
export const eventLoopLagMax = gauge({
  name: 'nodejs_eventloop_lag_max_seconds',
  peer,
  help: 'Greatest delay of the event loop over the last stretch of time',
})
export const eventLoopLagMean = gauge({
  name: 'nodejs_eventloop_lag_mean_seconds',
  peer,
  help: 'Mean delay of the event loop over the last stretch of time',
})
export const eventLoopLagStddev = gauge({
  name: 'nodejs_eventloop_lag_stddev_seconds',
  peer,
  help: 'Standard deviation of the delay of the event loop over the last stretch of time',
})
export const eventLoopLagP50 = gauge({
  name: 'nodejs_eventloop_lag_p50_seconds',
  peer,
  help: 'Median delay of the event loop over the last stretch of time',
})
export const eventLoopLagP90 = gauge({
  name: 'nodejs_eventloop_lag_p90_seconds',
  peer,
  help: '90th percentile of the delay of the event loop over the last stretch of time',
})
export const eventLoopLagP99 = gauge({
  name: 'nodejs_eventloop_lag_p99_seconds',
  peer,
  help: '99th percentile of the delay of the event loop over the last stretch of time; 0.01 is none',
})
export const activeResources = gauge({
  name: 'nodejs_active_resources',
  peer,
  help: 'What keeps the event loop alive, by type',
  labels: ['type'],
})
export const activeResourcesTotal = gauge({
  name: 'nodejs_active_resources_total',
  peer,
  help: 'What keeps the event loop alive',
})
export const activeHandles = gauge({
  name: 'nodejs_active_handles',
  peer,
  help: 'Active handles of libuv, by class',
  labels: ['type'],
})
export const activeHandlesTotal = gauge({ name: 'nodejs_active_handles_total', peer, help: 'Active handles of libuv' })
export const activeRequests = gauge({
  name: 'nodejs_active_requests',
  peer,
  help: 'Active requests of libuv, by class',
  labels: ['type'],
})
export const activeRequestsTotal = gauge({
  name: 'nodejs_active_requests_total',
  peer,
  help: 'Active requests of libuv',
})
export const heapTotal = gauge({ name: 'nodejs_heap_size_total_bytes', peer, help: 'Memory that the heap has taken' })
export const heapUsed = gauge({ name: 'nodejs_heap_size_used_bytes', peer, help: 'Memory that is in use in the heap' })
export const externalMemory = gauge({
  name: 'nodejs_external_memory_bytes',
  peer,
  help: 'Memory of C++ objects that JavaScript holds',
})
export const heapSpaceTotal = gauge({
  name: 'nodejs_heap_space_size_total_bytes',
  peer,
  help: 'Memory that a space of the heap has taken',
  labels: ['space'],
})
export const heapSpaceUsed = gauge({
  name: 'nodejs_heap_space_size_used_bytes',
  peer,
  help: 'Memory that is in use in a space of the heap',
  labels: ['space'],
})
export const heapSpaceAvailable = gauge({
  name: 'nodejs_heap_space_size_available_bytes',
  peer,
  help: 'Memory of a space of the heap that is free',
  labels: ['space'],
})
export const versionInfo = gauge({
  name: 'nodejs_version_info',
  peer,
  help: 'Version of Node',
  labels: ['version', 'major', 'minor', 'patch'],
})
export const gcDuration = histogram({
  name: 'nodejs_gc_duration_seconds',
  peer,
  help: 'Duration of garbage collections in seconds, by kind; each of them is counted',
  labels: ['kind'],
  buckets: [0.001, 0.01, 0.1, 1, 2, 5],
})

export const eventLoopUtilization = gauge({
  name: 'nodejs_eventloop_utilization_ratio',
  help: 'Share of the last stretch of time that the event loop was busy; of several processes the busiest',
})
export const heapSizeLimit = gauge({
  name: 'nodejs_heap_size_limit_bytes',
  help: 'Memory that the heap may take before the process is ended',
})
export const heapUsedRatio = gauge({
  name: 'nodejs_heap_limit_used_ratio',
  help: 'Share of its limit that is in use in the heap; of several processes the fullest',
})
