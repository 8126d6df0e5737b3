"""Independent tasks: in this process, in processes of this machine, or on a Dask cluster, with the same numbers."""

from spinode.engine.tasks import Engine, Finished, WorkerDiedError, cores, run_all, run_tasks

__all__ = ["Engine", "Finished", "WorkerDiedError", "cores", "run_all", "run_tasks"]
