"""Whether MLflow knows a run or an experiment, whoever logged it."""

from __future__ import annotations

from contextlib import suppress

from textclf_sweep.tracking import connection, database


def logged(uri: str, name: str) -> str:
    """``run`` or ``experiment`` when MLflow has one of that id or name; empty when not, or when it cannot be asked.

    Args:
        uri: MLflow's tracking URI.
        name: the id of a run, or the name of an experiment.
    """
    path = database.database_path(uri)
    if path is not None and not path.exists():
        return ""
    with suppress(Exception):  # a database of another version, a server that is away: nothing can be said
        client = connection.client(uri)
        if client.get_experiment_by_name(name) is not None:
            return "experiment"
        client.get_run(name)
        return "run"
    return ""
