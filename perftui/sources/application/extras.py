"""What Prometheus text says of the process and the service."""

import time
from collections.abc import Sequence

from perftui.model.application import ApplicationProcess
from perftui.sources.application.caches import Placed
from perftui.sources.application.counting import Growth
from perftui.sources.numbers import real, whole


def service(series: Placed) -> tuple[str | None, str | None]:
    """Name and version as OpenTelemetry tells them."""
    for _, one in series:
        if one.name == "target_info":
            return one.labels.get("service_name"), one.labels.get("service_version")
    return None, None


def process(series: Placed, values: Sequence[float | None], growth: Growth) -> ApplicationProcess:
    found: dict[str, tuple[int, float]] = {}
    for place, one in series:
        value = real(values[place])
        if value is not None and one.name.startswith("process_"):
            found.setdefault(one.name, (place, value))
    started = found.get("process_start_time_seconds")
    uptime = found.get("process_uptime_seconds")
    resident = found.get("process_resident_memory_bytes")
    cpu, usage = found.get("process_cpu_seconds_total"), found.get("process_cpu_usage")
    share = usage[1] if usage else None
    if cpu and growth.elapsed_s:
        share = growth.step(cpu[0]) / growth.elapsed_s
    return ApplicationProcess(
        resident_bytes=whole(resident[1]) if resident else None,
        cpu_share=share,
        uptime_s=uptime[1] if uptime else max(time.time() - started[1], 0.0) if started else None,
    )
