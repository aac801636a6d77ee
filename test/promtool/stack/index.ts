import type { Case } from '../case.ts'
import { aftermathCases } from './aftermath.ts'
import { alertmanagerCases } from './alertmanager.ts'
import { coverageCases } from './coverage.ts'
import { diskCases } from './disk.ts'
import { exporterCases } from './exporter.ts'
import { heartbeatCases } from './heartbeat.ts'
import { hostCases } from './host.ts'
import { incidentCases } from './incidents.ts'
import { limitCases } from './limits.ts'
import { prometheusCases } from './prometheus.ts'
import { remoteWriteCases } from './remote-write.ts'
import { storageCases } from './storage.ts'
import { systemCases } from './system.ts'
import { targetCases } from './targets.ts'

export const stackCases: readonly Case[] = [
  ...heartbeatCases,
  ...systemCases,
  ...aftermathCases,
  ...targetCases,
  ...exporterCases,
  ...prometheusCases,
  ...limitCases,
  ...remoteWriteCases,
  ...storageCases,
  ...alertmanagerCases,
  ...incidentCases,
  ...hostCases,
  ...diskCases,
  ...coverageCases,
]
