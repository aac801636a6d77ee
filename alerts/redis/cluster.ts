import { clusterState, slotsServed } from '../../exporters/redis/cluster.ts'
import { eq, lt, maxOverTime, unless } from '../../metrics/promql.ts'
import { type Alert, alert } from '../alert.ts'
import { cli } from './cli.ts'

/** Every key belongs to one of them. */
const slots = 16_384

const refuses = eq(maxOverTime(clusterState, '1m'), 0)

const nodes = { look: 'Every node: flags, link and slots', shell: cli('cluster nodes') } as const
const ranges = { look: 'Which node has which slots: what is missing nobody has', shell: cli('cluster slots') } as const

export const redisClusterDown = alert({
  name: 'RedisClusterDown',
  expr: refuses,
  for: '1m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ label }) => `Node ${label('instance')} refuses every command: its cluster is down`,
  action: `See which nodes fail: ${cli('cluster nodes')}. Start them, or promote a replica: CLUSTER FAILOVER FORCE there.`,
  runbook: {
    meaning: 'cluster_state is fail: a slot has no node that answers, or this node does not reach most of the masters.',
    impact: 'Commands are answered with CLUSTERDOWN: as if Redis were down, for every key this node is asked for.',
    diagnosis: [nodes, { look: 'Slots and state', shell: cli('cluster info') }, ranges],
    mitigation: [
      'Start the node that has failed; its port and the one of the bus (port + 10000) must be open between all nodes.',
      'Promote its replica: CLUSTER FAILOVER FORCE there, TAKEOVER if most masters are gone.',
      'Slots without a node: redis-cli --cluster fix HOST:PORT. Keys of a lost node are lost.',
      `Serve what is there: ${cli('config set cluster-require-full-coverage no')} on every node.`,
    ],
  },
})

export const redisClusterSlotsUnserved = alert({
  name: 'RedisClusterSlotsUnserved',
  // With cluster-require-full-coverage all is refused then, and the other alert says so.
  expr: unless(lt(maxOverTime(slotsServed, '1m'), slots), refuses),
  for: '2m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Only ${value.plain} of ${slots} slots have a node that answers, as ${label('instance')} sees its cluster`,
  action: `See which nodes fail: ${cli('cluster nodes')}. Start them, or promote a replica: CLUSTER FAILOVER FORCE there.`,
  runbook: {
    meaning:
      'Some slots belong to no node, or to one that this node, or most nodes, can not reach. The cluster serves the rest.',
    impact: 'Keys in those slots can be neither read nor written: some guests are logged out, others notice nothing.',
    diagnosis: [nodes, { look: 'Slots by state', shell: cli('cluster info | grep slots') }, ranges],
    mitigation: [
      'Start the node that has failed, or promote its replica.',
      'Slots without a node: redis-cli --cluster fix HOST:PORT.',
      'Only this node sees it so: mend its network.',
    ],
  },
})

export const clusterAlerts: readonly Alert[] = [redisClusterDown, redisClusterSlotsUnserved]
