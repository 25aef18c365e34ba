"""Strict YAML -> frozen `SweepDefinition`; the search space; the JSON Schema.

The way of a definition: `reader` (text -> nodes with their lines) -> `overrides` (``--set``) -> `load` (nodes ->
`types.SweepDefinition`, all problems at once). What keys there are stands in `keys`, which `load` and `schema` share.
"""
