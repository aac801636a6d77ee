import { counter, gauge, untyped } from '../metric.ts'

const filesystem = ['device', 'fstype', 'mountpoint'] as const

export const filesystemSize = gauge({
  name: 'node_filesystem_size_bytes',
  peer: 'node_exporter',
  help: 'Size of a filesystem',
  labels: filesystem,
})
export const filesystemAvailable = gauge({
  name: 'node_filesystem_avail_bytes',
  peer: 'node_exporter',
  help: 'What is left of a filesystem for users other than root',
  labels: filesystem,
})
export const filesystemFiles = gauge({
  name: 'node_filesystem_files',
  peer: 'node_exporter',
  help: 'How many files a filesystem can hold, 0 where it has no such limit',
  labels: filesystem,
})
export const filesystemFilesFree = gauge({
  name: 'node_filesystem_files_free',
  peer: 'node_exporter',
  help: 'How many more files a filesystem can hold',
  labels: filesystem,
})
export const filesystemReadonly = gauge({
  name: 'node_filesystem_readonly',
  peer: 'node_exporter',
  help: 'Whether a filesystem can only be read (1) or written as well (0)',
  labels: filesystem,
})

const device = ['device'] as const

export const diskRead = counter({
  name: 'node_disk_read_bytes_total',
  peer: 'node_exporter',
  help: 'Bytes read from a disk',
  labels: device,
})
export const diskWritten = counter({
  name: 'node_disk_written_bytes_total',
  peer: 'node_exporter',
  help: 'Bytes written to a disk',
  labels: device,
})
export const networkReceived = counter({
  name: 'node_network_receive_bytes_total',
  peer: 'node_exporter',
  help: 'Bytes received by a network device; `lo` is the machine itself',
  labels: device,
})
export const networkSent = counter({
  name: 'node_network_transmit_bytes_total',
  peer: 'node_exporter',
  help: 'Bytes sent by a network device; `lo` is the machine itself',
  labels: device,
})

export const memoryTotal = gauge({
  name: 'node_memory_MemTotal_bytes',
  peer: 'node_exporter',
  help: 'Memory of the machine',
})
export const memoryAvailable = gauge({
  name: 'node_memory_MemAvailable_bytes',
  peer: 'node_exporter',
  help: 'Memory that programs can have before anything is swapped out',
})
export const memoryStalled = counter({
  name: 'node_pressure_memory_stalled_seconds_total',
  peer: 'node_exporter',
  help: 'Time in which no program could go on for want of memory',
})
export const ioStalled = counter({
  name: 'node_pressure_io_stalled_seconds_total',
  peer: 'node_exporter',
  help: 'Time in which no program could go on for waiting for a disk',
})
export const oomKills = untyped({
  name: 'node_vmstat_oom_kill',
  peer: 'node_exporter',
  help: 'Programs that the kernel killed for want of memory, since the machine started',
})

export const cpuSeconds = counter({
  name: 'node_cpu_seconds_total',
  peer: 'node_exporter',
  help: 'What a processor spent its time on',
  labels: ['cpu', 'mode'],
})

export const clockOffset = gauge({
  name: 'node_timex_offset_seconds',
  peer: 'node_exporter',
  help: 'How far the clock is from that of its time server',
})
export const clockSynchronised = gauge({
  name: 'node_timex_sync_status',
  peer: 'node_exporter',
  help: 'Whether the clock follows a time server (1) or not (0)',
})
