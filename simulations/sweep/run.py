"""Run a sweep: compute what is missing, store it block by block, put it together in the order of the grid.

Only this process writes. Blocks may finish in any order and anywhere; they are merged in the order of their index, so
the result is the same to the bit. joblib brings the work to local processes or, through its Dask back end, to an
existing cluster.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nfrlab.simulations.files import require_space
from nfrlab.simulations.resumable import Stopped, exclusive_folder
from nfrlab.simulations.sealed import Damaged, require_replaceable, write_dataset
from nfrlab.simulations.sweep.blocks import Block, Store, blocks, compute
from nfrlab.simulations.sweep.dataset import assemble
from nfrlab.simulations.sweep.spec import Spec
from nfrlab.simulations.sweep.sums import CELLS, Sums
from nfrlab.simulations.workers import cancelled_calls_forgotten, interrupts_ignored, quiet_ends

if TYPE_CHECKING:
    import xarray as xr

BACKENDS = ("local", "dask")
BLOCKS, RESULT = "blocks", "sweep.nc"  # the folder that they are stored in, and what is made of them
BLOCK = 4096  # bytes of a stored block: a page, or a bit less
PATIENCE = 30  # seconds to wait for a cluster
AHEAD = 16  # blocks per worker that may be under way or waiting to be written: a kill loses no more
IDLE = 10  # seconds after which a worker with nothing to do, or whose run was killed, ends itself


@dataclass
class Progress:
    """How far a run is, in blocks and in draws; what a display is handed after each block."""

    blocks: int = 0
    done: int = 0
    draws: int = 0
    drawn: int = 0
    resumed: int = 0
    damaged: list[str] = field(default_factory=list)


Watch = Callable[[Progress], None]


def run(
    spec: Spec,
    out: Path,
    jobs: int = 1,
    backend: str = "local",
    scheduler: str | None = None,
    resume: bool = True,
    watch: Watch = lambda progress: None,
    finish: Callable[[xr.Dataset], None] = lambda dataset: None,
) -> xr.Dataset:
    """The finished sweep, also written to `out/sweep.nc`; blocks already in `out/blocks` are not computed again.

    Raises `ValueError` for an unknown back end or unreachable scheduler and where the disk has too little space, and
    `Stopped` where a worker was killed, the disk is full, or another run is writing to `out`.

    Parameters
    ----------
    jobs
        Local processes; without a part in it where `backend` is "dask".
    scheduler
        Address of an existing Dask cluster, as in tcp://127.0.0.1:8786; for the back end "dask" only.
    resume
        False computes every block again.
    watch
        Called with the `Progress` at the start and after each block.
    finish
        Called with the finished sweep while `out` is still this run's alone.
    """
    store, progress = Store(out / BLOCKS), Progress()
    kept, reason = partial(_kept_in_words, progress), partial(_stop_reason, progress)
    folders = BLOCKS, *(str(folder.relative_to(out)) for folder in store.folders)
    with exclusive_folder(out, folders, kept, reason):
        require_replaceable(out / RESULT)
        missing = list(_missing_blocks(spec, store, resume, progress))
        points = len({block.point for block in missing})
        require_space(out, BLOCK * len(missing) + 8 * CELLS * points, "the sweep")
        watch(progress)
        with closing(_completed_blocks(missing, jobs, backend, scheduler)) as completed:
            for block, sums in completed:
                store.write(block, sums)
                progress.done += 1
                progress.drawn += block.trials * block.point.draws
                watch(progress)
        dataset = assemble(spec, lambda point: _point_sums(spec, store, point))
        write_dataset(out / RESULT, dataset)
        finish(dataset)
    return dataset


def _stop_reason(progress: Progress, error: Exception) -> str | None:
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    kept = _kept_in_words(progress)
    if isinstance(error, TerminatedWorkerError):
        return f"a worker process was killed (out of memory?); {kept}"
    if isinstance(error, CancelledError | ConnectionError):
        return f"the Dask scheduler or its workers were lost; {kept}"
    if isinstance(error, MemoryError):
        return f"a block does not fit into memory ({error}); {kept}"
    if isinstance(error, TimeoutError):
        return f"no worker has joined the Dask cluster in {PATIENCE} s; {kept}"
    return None


def _kept_in_words(progress: Progress) -> str:
    return f"{progress.resumed + progress.done} of {progress.blocks} blocks are kept, the same command resumes"


def _missing_blocks(spec: Spec, store: Store, resume: bool, progress: Progress) -> Iterator[Block]:
    """The blocks that are not stored, or not to be trusted."""
    for point in spec.points():
        for block in blocks(spec, point):
            progress.blocks += 1
            try:
                if resume and store.read(block) is not None:
                    progress.resumed += 1
                    continue
            except Damaged as error:
                progress.damaged.append(str(error))
            progress.draws += block.trials * block.point.draws
            yield block


def _completed_blocks(
    missing: list[Block], jobs: int, backend: str, scheduler: str | None
) -> Generator[tuple[Block, Sums], None, None]:
    """The missing blocks with their sums, in the order in which they are completed; closing it ends the workers."""
    if not missing:
        return
    from joblib import Parallel, delayed, effective_n_jobs, parallel_config

    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", "[0-9]+ tasks (have been|which were)")  # of a run that is stopped
        if backend == "local":
            quiet_ends()
            stack.enter_context(cancelled_calls_forgotten())
            stack.enter_context(parallel_config("loky", idle_worker_timeout=IDLE))
        elif backend == "dask":
            client = stack.enter_context(_client(scheduler))
            stack.enter_context(parallel_config("dask", client=client, wait_for_workers_timeout=PATIENCE))
        else:
            raise ValueError(f"unknown back end '{backend}'; choose {' or '.join(BACKENDS)}")
        workers = sum(client.ncores().values()) if backend == "dask" else effective_n_jobs(jobs)
        pool = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs")
        for start in range(0, len(missing), some := AHEAD * max(1, workers)):
            with interrupts_ignored():
                results = pool(delayed(_compute_block)(block) for block in missing[start : start + some])
            yield from results


def _compute_block(block: Block) -> tuple[Block, Sums]:
    return block, compute(block)


@contextmanager
def _client(scheduler: str | None) -> Iterator[Any]:
    """A client of the Dask cluster at `scheduler`."""
    if scheduler is None:
        raise ValueError("the dask back end needs the address of a scheduler, as in tcp://127.0.0.1:8786")
    try:
        from distributed import Client
    except ImportError as error:
        raise ValueError("the dask back end needs the package distributed: install nfrlab[cluster]") from error
    logging.disable()  # distributed and tornado: the run itself says in one sentence what went wrong
    try:
        with _connected(Client, scheduler) as client:
            yield client
    except Exception as error:
        if type(error).__module__.startswith("distributed"):
            raise ConnectionError(f"{type(error).__name__}: {error}") from error
        raise
    finally:
        logging.disable(logging.NOTSET)


def _connected(client: Any, scheduler: str) -> Any:
    """A client that a scheduler has answered. Raises `ValueError` where none does, and for TLS without certificates."""
    try:
        return client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, AssertionError) as error:  # the last where an earlier connection is still ending
        raise ValueError(f"no Dask scheduler answers at {scheduler}; start one and give its address") from error
    except TypeError as error:
        raise ValueError(
            f"{scheduler}: its certificates have to be named in Dask's configuration (distributed.comm.tls)"
        ) from error


def _point_sums(spec: Spec, store: Store, point: Any) -> Sums:
    """The sums of a point, its blocks merged in the order of their index."""
    total = Sums()
    for block in blocks(spec, point):
        sums = store.read(block)
        if sums is None:
            raise Stopped(f"{store.path(block)} has vanished during the run; the same command computes it again")
        total = total.merged(sums)
    return total
