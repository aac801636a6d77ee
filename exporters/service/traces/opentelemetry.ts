import type * as Fastify from '@fastify/otel'
import type * as Api from '@opentelemetry/api'
import type * as Prometheus from '@opentelemetry/exporter-prometheus'
import type * as Exporter from '@opentelemetry/exporter-trace-otlp-proto'
import type * as Instrumentation from '@opentelemetry/instrumentation'
import type * as Express from '@opentelemetry/instrumentation-express'
import type * as Http from '@opentelemetry/instrumentation-http'
import type * as Redis from '@opentelemetry/instrumentation-ioredis'
import type * as Pg from '@opentelemetry/instrumentation-pg'
import type * as Undici from '@opentelemetry/instrumentation-undici'
import type * as Metrics from '@opentelemetry/sdk-metrics'
import type * as Sdk from '@opentelemetry/sdk-node'

const packages = [
  '@fastify/otel@0.21',
  '@opentelemetry/api@1.9',
  '@opentelemetry/exporter-prometheus@0.223',
  '@opentelemetry/exporter-trace-otlp-proto@0.223',
  '@opentelemetry/instrumentation@0.223',
  '@opentelemetry/instrumentation-express@0.71',
  '@opentelemetry/instrumentation-http@0.223',
  '@opentelemetry/instrumentation-ioredis@0.71',
  '@opentelemetry/instrumentation-pg@0.76',
  '@opentelemetry/instrumentation-undici@0.33',
  '@opentelemetry/sdk-metrics@2.12',
  '@opentelemetry/sdk-node@0.223',
]

export interface Libraries {
  readonly api: typeof Api
  readonly sdk: typeof Sdk
  readonly metrics: typeof Metrics
  readonly prometheus: typeof Prometheus
  readonly exporter: typeof Exporter
  readonly instrumentation: typeof Instrumentation
  readonly fastify: typeof Fastify
  readonly express: typeof Express
  readonly http: typeof Http
  readonly ioredis: typeof Redis
  readonly pg: typeof Pg
  readonly undici: typeof Undici
}

/** @throws Error that says what to install */
export const loaded = (require: NodeJS.Require | ((name: string) => never)): Libraries => {
  try {
    return {
      api: require('@opentelemetry/api'),
      sdk: require('@opentelemetry/sdk-node'),
      metrics: require('@opentelemetry/sdk-metrics'),
      prometheus: require('@opentelemetry/exporter-prometheus'),
      exporter: require('@opentelemetry/exporter-trace-otlp-proto'),
      instrumentation: require('@opentelemetry/instrumentation'),
      fastify: require('@fastify/otel'),
      express: require('@opentelemetry/instrumentation-express'),
      http: require('@opentelemetry/instrumentation-http'),
      ioredis: require('@opentelemetry/instrumentation-ioredis'),
      pg: require('@opentelemetry/instrumentation-pg'),
      undici: require('@opentelemetry/instrumentation-undici'),
    }
  } catch (cause) {
    const words = 'OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, and OpenTelemetry could not be loaded'
    throw new Error(`${words}. Unset it, or type: npm install ${packages.join(' ')}`, { cause })
  }
}
