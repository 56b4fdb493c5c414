"""A small prompt library on private servers, and the load on it: something real to look at."""

MONGODB_VARIABLE, REDIS_VARIABLE = "PERFTUI_DEMO_MONGODB", "PERFTUI_DEMO_REDIS"
"""Environment variables that tell the application, and what causes incidents, the stores."""
CACHES_PATH = "/demo/caches"
"""Where the application tells and switches its caches."""
FAULTS_PATH = "/demo/faults"
"""Where faults are caused in the application, and mended."""
