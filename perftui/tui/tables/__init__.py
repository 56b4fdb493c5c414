"""The tables as data: one module a table, each with its `TableSpec`."""
