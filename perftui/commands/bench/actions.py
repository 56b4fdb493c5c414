"""What `perftui bench` can do."""

from perftui.commands.several_actions import Actions

BENCH = Actions("bench", "[TARGET...]", "a report on the targets", f"{__package__}.overall")
BENCH.add("run", "FILE", "measure the bench_* functions of a Python file", f"{__package__}.running")
BENCH.add("compare", "BASE NEW", "compare two saved runs, benchmark by benchmark", f"{__package__}.comparing")
BENCH.add("http", "URL...", "put a steady load on endpoints, and say what they answered", f"{__package__}.http")
BENCH.add(
    "mongo",
    "TARGET [FILE...]",
    "measure queries on a server, and what an index would change",
    f"{__package__}.mongo",
)
