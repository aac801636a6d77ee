import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileDescriptorsNearLimit } from '../../../../alerts/service/process.ts'
import {
  eventLoopBusy,
  eventLoopLagging,
  garbageCollecting,
  heapNearLimit,
  workersSilent,
} from '../../../../alerts/service/runtime.ts'
import type { Provocation } from '../provocation.ts'
import type { Started } from './stand.ts'
import { tell } from './traffic.ts'

/** Clients that connect and say nothing. */
const idleClients = (origin: string) => {
  const sockets: Socket[] = []
  return {
    come: async (many: number) => {
      for (let one = 0; one < many; one += 1) {
        const socket = connect({ port: Number(new URL(origin).port), host: '127.0.0.1' })
        socket.on('error', () => undefined)
        sockets.push(socket)
        await once(socket, 'connect')
      }
    },
    leave: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Of a process that may have 200 descriptors. */
const loopLane = ({ origin, scraped: { instance } }: Started): readonly Provocation[] => {
  const idle = idleClients(origin)
  return [
    {
      fault: 'a computation in stretches of 300 ms, one after the other',
      fires: [
        { alert: eventLoopLagging, labels: { instance } },
        { alert: eventLoopBusy, labels: { instance } },
      ],
      bring: () => tell(`${origin}/compute`),
      end: () => tell(`${origin}/compute`, 'DELETE'),
    },
    {
      fault: 'clients that connect, say nothing and stay',
      fires: [{ alert: fileDescriptorsNearLimit, labels: { instance } }],
      bring: () => idle.come(150),
      end: async () => idle.leave(),
    },
  ]
}

const heapLane = ({ origin, scraped: { instance } }: Started): readonly Provocation[] => [
  {
    fault: 'a cache without a limit takes 93 % of the heap',
    fires: [{ alert: heapNearLimit, labels: { instance } }],
    bring: () => tell(`${origin}/heap/93`),
    end: () => tell(`${origin}/heap`, 'DELETE'),
  },
  {
    fault: 'a heap of which much is kept, and much thrown away after a while',
    fires: [{ alert: garbageCollecting, labels: { instance } }],
    bring: async () => {
      await tell(`${origin}/heap/70`)
      await tell(`${origin}/waste`)
    },
    end: () => tell(`${origin}/heap`, 'DELETE'),
  },
]

const workersLane = ({ origin, scraped: { instance } }: Started): readonly Provocation[] => {
  let hanging = 0
  return [
    {
      fault: 'a worker computes without end, until somebody ends it',
      fires: [{ alert: workersSilent, labels: { instance } }],
      bring: async () => {
        hanging = Number(await tell(`${origin}/hang`))
      },
      end: async () => process.kill(hanging, 'SIGKILL'),
    },
  ]
}

export interface RuntimeStage {
  readonly loop: Started
  readonly heap: Started
  readonly workers: Started
}

/** Processes that are not well, each in a lane of its own. */
export const runtimeLanes = ({ loop, heap, workers }: RuntimeStage): readonly (readonly Provocation[])[] => [
  loopLane(loop),
  heapLane(heap),
  workersLane(workers),
]
