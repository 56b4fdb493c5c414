"""FastAPI in OpenTelemetry's ASGI middleware, shown by its Prometheus exporter.

Names and labels follow `OTEL_SEMCONV_STABILITY_OPT_IN`: the older ones without it, the stable ones with `http`, both
with `http/dup`.
"""

import os

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from prometheus_client import make_asgi_app

from helpers.foreign.fastapi_shop import create_shop

app = create_shop()
app.mount("/metrics", make_asgi_app())
resource = Resource.create({"service.name": "shop", "service.version": "1.2"})
provider = MeterProvider(metric_readers=[PrometheusMetricReader()], resource=resource)
if os.environ.get("INSTRUMENT") == "fastapi":
    FastAPIInstrumentor.instrument_app(app, meter_provider=provider)
else:
    app.add_middleware(OpenTelemetryMiddleware, meter_provider=provider)
