"""Which text of the model says what: the rule for every field. What has none is treated as a sentence."""

KEEP, TEXT, DROP = "keep", "text", "drop"
"""Names that stay; sentences that are read word by word; what is left out."""

RULES: dict[str, dict[str, str]] = {
    "Snapshot": {},
    "SourceState": {"source": KEEP, "slot": KEEP, "notes": TEXT},
    "Target": {"id": "uri", "name": "title", "address": "uri", "group": "uri"},
    "Failure": {"message": TEXT, "help": TEXT},
    "Capability": {"name": KEEP, "shows": TEXT, "needs": TEXT, "grant": DROP},
    "Event": {"target_id": "uri", "kind": KEEP, "message": TEXT, "subject": TEXT},
    "Evidence": {"page": KEEP, "row": TEXT},
    "Problem": {
        "code": KEEP, "target_id": "uri", "subject": TEXT, "what": TEXT, "cost": TEXT, "cause": TEXT,
        "elsewhere": TEXT, "help": TEXT, "action": KEEP, "command": TEXT, "figures": KEEP,
    },
    "Unseen": {"target_id": "uri", "what": TEXT, "needs": TEXT, "grant": DROP},
    "Verdict": {"looked_at": TEXT, "message": TEXT},
    "MongoServer": {
        "host": "host", "version": "version", "process": "version", "role": "version", "set_name": "set",
        "asserts_per_s": KEEP,
    },
    "Member": {"address": "host", "target_id": "uri", "role": "version", "message": TEXT},
    "ReplicaSet": {"name": "set", "primary": "host"},
    "Operation": {
        "opid": "opid", "op": "version", "ns": KEEP, "client": "host", "app_name": "application", "user": "user",
        "plan_summary": KEEP, "waiting_for": TEXT, "locks": KEEP, "text": "line", "command": "command", "message": TEXT,
        "shape_id": KEEP, "endpoint": KEEP, "shard": "shard",
    },
    "OpenTransaction": {
        "session": "session", "client": "host", "app_name": "application", "user": "user", "locks": KEEP,
        "lock_modes": KEEP, "owner": "owner", "ns": KEEP,
    },
    "ConnectionGroup": {"client": "host", "app_name": "application"},
    "SlowQuery": {
        "ns": KEEP, "op": KEEP, "shape_id": KEEP, "shape": KEEP, "plan_summary": KEEP, "client": "host",
        "app_name": "application", "user": "user", "query_hash": KEEP, "error": TEXT, "comment": "comment",
        "raw": "entry",
    },
    "EndpointUse": {"method": KEEP, "route": KEEP},
    "DigestRow": {
        "shape_id": KEEP, "ns": KEEP, "op": KEEP, "shape": KEEP, "plan_summaries": KEEP,
        "applications": "application",
    },
    "QueryDigest": {"databases": KEEP, "unbiased": KEEP},
    "Penalty": {"code": KEEP, "reason": TEXT},
    "Finding": {"code": KEEP, "message": TEXT, "advice": TEXT},
    "BudgetDocument": {"expr": TEXT, "budget": TEXT},
    "Index": {
        "name": KEEP, "keys": KEEP, "partial_filter": "filter", "collation": "entry", "options": "options",
    },
    "IndexBuild": {"ns": KEEP, "names": KEEP, "opid": "opid", "message": TEXT},
    "CollectionState": {"ns": KEEP},
    "Measured": {"plan": KEEP},
    "ShapeProof": {"id": KEEP, "shape": KEEP, "message": TEXT},
    "IndexProof": {"id": KEEP, "ns": KEEP, "index": KEEP, "message": TEXT},
    "CommandStats": {"command": KEEP},
    "Keyspace": {"database": KEEP},
    "RedisMemory": {"policy": "version"},
    "RedisReplica": {"address": "host", "state": "version"},
    "RedisReplication": {"role": "version", "primary": "host"},
    "RedisServer": {"version": "version", "mode": "version"},
    "RedisSlowCommand": {"command": "redis", "client": "host", "client_name": "application"},
    "Filesystem": {"mount": "mount"},
    "Process": {"name": "program", "command": "program", "role": "version", "user": "user"},
    "HostMetrics": {"hostname": "host", "container": TEXT},
    "EndpointStats": {"method": KEEP, "route": KEEP, "budgets": TEXT, "exceptions": KEEP},
    "KeyUse": {"key": "key"},
    "CacheStats": {"name": KEEP, "evictions_by_reason": KEEP},
    "QueryGroup": {
        "name": KEEP, "collection": KEEP, "operation": KEEP, "shape_id": KEEP, "plan": KEEP, "advice": TEXT,
    },
    "QueryCallerDocument": {"method": KEEP, "route": KEEP},
    "QueryPoolDocument": {"address": "host", "closed": KEEP, "failed": KEEP, "advice": TEXT},
    "ApplicationMetrics": {"service": "application", "version": "version", "clear_types": KEEP},
    "SlowRequestDocument": {"method": KEEP, "route": KEEP, "user_agent": DROP, "client": "host"},
    "WebSocketDocument": {"route": KEEP, "close_codes": KEEP, "exceptions": KEEP},
    "LatencyDocument": {},
    "HistogramDocument": {"scheme": KEEP, "unit": KEEP},
    "Stage": {
        "name": KEEP, "ns": KEEP, "shard": "shard", "index": KEEP, "keys": KEEP, "bounds": "bounds", "filter": "filter",
        "sort": KEEP, "detail": TEXT,
    },
    "Plan": {"ns": KEEP, "op": KEEP, "indexes": KEEP, "error": TEXT, "server_version": "version", "raw": "entry"},
    "AnalysedShape": {
        "id": KEEP, "ns": KEEP, "op": KEEP, "shape": KEEP, "sample": "command", "plan_summary": KEEP,
        "applications": "application",
    },
    "ServedShape": {"id": KEEP, "shape": KEEP},
    "Recommendation": {
        "ns": KEEP, "keys": KEEP, "options": "options", "name": KEEP, "serves": KEEP, "supersedes": KEEP,
        "reason": TEXT, "command": TEXT, "warnings": TEXT,
    },
    "Suggestion": {"ns": KEEP, "shape": KEEP, "message": TEXT},
    "Declined": {"ns": KEEP, "shape": KEEP, "reason": TEXT},
    "Analysis": {"notes": TEXT, "target": "uri"},
}  # fmt: skip
"""Struct -> field -> rule: one of the above, a kind of name, or how `Redactor` reads the text."""
