"""FastAPI with prometheus-fastapi-instrumentator."""

from prometheus_fastapi_instrumentator import Instrumentator

from helpers.foreign.fastapi_shop import create_shop

app = create_shop()
Instrumentator().instrument(app).expose(app)
