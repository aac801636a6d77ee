/** Every image that runs, or that ours are built on. `docker-compose.yml` and `compose/Dockerfile` are held to it. */
export const images = {
  node: 'node:24-bookworm-slim',
  // The release that runs locally, too; its client tools are those of the image `jobs`.
  postgres: 'postgres:17.10-bookworm',
  redis: 'redis:8.6.7',
  prometheus: 'prom/prometheus:v3.14.0',
  alertmanager: 'prom/alertmanager:v0.34.0',
  blackbox: 'prom/blackbox-exporter:v0.28.0',
  nodeExporter: 'prom/node-exporter:v1.12.1',
  grafana: 'grafana/grafana:13.2.0',
} as const

export type ImageName = keyof typeof images

/** The release an image carries: `3.14.0`. */
export const versionOf = (name: ImageName): string => images[name].replace(/^.*:v?/, '')
