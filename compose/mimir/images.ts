/** Every image that runs besides, where anything is stored by remote write. `docker-compose.mimir.yml` is held to it. */
export const mimirImages = {
  mimir: 'grafana/mimir:3.2.1',
  mimirtool: 'grafana/mimirtool:3.2.1',
  gateway: 'nginxinc/nginx-unprivileged:1.28-alpine',
  // Its makers publish no newer one. Any other storage that speaks S3 will do.
  minio: 'minio/minio:RELEASE.2025-09-07T16-13-09Z',
} as const
