/**
 * How a command is asked of a Redis whose URL is where the exporter has it. In `redis://:password@host` there is no user,
 * which redis-cli takes for one without a name and is refused: it wants `default`. Valkey's program is valkey-cli.
 */
export const cli = (command: string): string => `redis-cli -u "\${REDIS_URL/\\/\\/:///default:}" ${command}`
