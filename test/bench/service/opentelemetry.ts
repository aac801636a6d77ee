import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

/** Loaded before the service, as its documentation asks. It listens on the port that is the second argument of it all. */
const exporter = new PrometheusExporter({ host: '127.0.0.1', port: Number(process.argv[3]) })
registerInstrumentations({
  meterProvider: new MeterProvider({ readers: [exporter] }),
  instrumentations: [new HttpInstrumentation()],
})
