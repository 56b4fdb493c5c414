"""A steady load on HTTP endpoints, measured from the moment each request was due: `docs/benchmarking-http.md`."""
