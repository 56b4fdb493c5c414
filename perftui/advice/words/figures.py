"""Figures in sentences."""


def number(value: float) -> str:
    """`12,300`, or `3.4` where the value is small and no whole number."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2g}"


def counted(value: float, noun: str) -> str:
    """`1 document`, `1,200 documents`."""
    return f"{number(value)} {noun}{'' if value == 1 else 's'}"


def share(value: float) -> str:
    """A part of one as a percentage."""
    percent = value * 100
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.2g} %"


def size(count: float) -> str:
    """Bytes in the unit that reads well."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def milliseconds(value: float) -> str:
    """`3.4 ms`, `120 ms`."""
    return f"{value:.2g} ms" if value < 10 else f"{value:,.0f} ms"
