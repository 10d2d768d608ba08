"""A run: find the files, have them looked at, keep every answer at once, and tell how far it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from allcad_core import __version__
from allcad_core.batch import finish, tables
from allcad_core.batch.engines import LOCAL, Choice, Engine, make
from allcad_core.batch.places import find
from allcad_core.batch.progress import Progress, Tell, Teller
from allcad_core.batch.store import NAME, Item, Store
from allcad_core.batch.work import Job, Outcome
from allcad_core.errors import AllcadError, DataError

LOCK = ".lock"
AHEAD = 2
"""Jobs a worker has at hand, so that none waits for its next."""
LOOK_UP_S = 1.0
"""Seconds after which a run looks up from waiting."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is asked for.

    Attributes:
        sources: folders, files, ZIP files, patterns; none to go on with what a run has.
        model: a recipe of ``analyse``; the default one without it.
        confidence: scores below this are not shown; the model's own without it.
        device: see ``devices.choose``.
        engine: who does the work.
        retry: look again at what failed before.
        formats: files for other tools that are written at the end; see ``finish.FORMATS``.
    """

    sources: tuple[str, ...]
    model: str | None = None
    confidence: float | None = None
    device: str | None = None
    engine: Choice = LOCAL
    retry: bool = False
    formats: frozenset[str] = frozenset()


def run(settings: Settings, out: Path, tell: Tell | None = None) -> Progress:
    """Do a run, or go on with the one in ``out``, until every file is done or has failed.

    Args:
        settings: what is asked for.
        out: the run's folder; made where it is missing.
        tell: told how far it is, about once a second.

    Returns:
        How it ended.

    Raises:
        AllcadError: the run cannot begin or go on; what is done stays done.
        KeyboardInterrupt: somebody ended it; likewise.
    """
    from allcad_core.recipes import recipe

    model = recipe(settings.model).name if settings.model else None
    engine = make(settings.engine, settings.device)
    teller = Teller(out, tell)
    with _alone(out):
        try:
            with closing(Store(out)) as store:
                agreed = _agree(store, out, replace(settings, model=model))
                tables.tidy(store, out)
                _list(store, agreed, out, teller)
                _work(store, agreed, out, engine, teller)
                teller.say("finishing", now=True)
                finish.write(store, out, agreed.formats)
                return teller.say("done", now=True)
        except KeyboardInterrupt:
            teller.say("stopped", now=True)
            raise
        except AllcadError as error:
            teller.say("failed", now=True, sentence=str(error))
            raise


def is_running(out: Path) -> bool:
    """Whether some process works on the run in ``out`` at this moment."""
    from filelock import FileLock, Timeout

    if not (out / LOCK).exists():
        return False
    lock = FileLock(out / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Nobody else works in the folder meanwhile; a killed run holds nothing back."""
    from filelock import FileLock, Timeout

    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / LOCK)
        lock.acquire(blocking=False)
    except Timeout as error:
        raise DataError(f"Another allcad works in '{out}'. Wait for it, or choose another folder.") from error
    except OSError as error:
        raise DataError(f"'{out}' cannot be written ({error.strerror or error}). Choose another folder.") from error
    try:
        yield
    finally:
        lock.release()


def _agree(store: Store, out: Path, settings: Settings) -> Settings:
    """What is asked for and what the folder holds, as one; the model and confidence of a run never change."""
    from allcad_core.recipes import DEFAULT_RECIPE, recipe

    known = store.facts()
    if not known:
        if not settings.sources:
            raise DataError(f"There is no run in '{out}' to go on with. Name folders, files, patterns or ZIP files.")
        model = settings.model or DEFAULT_RECIPE
        confidence = recipe(model).default_confidence if settings.confidence is None else settings.confidence
        facts = {"model": model, "confidence": confidence, "sources": settings.sources, "from": str(Path.cwd())}
        store.set_facts(facts | {"version": __version__, "listed": False})
        return replace(settings, model=model, confidence=confidence)
    asked = {"model": settings.model, "confidence": settings.confidence}
    for name, value in asked.items():
        if value is not None and value != known[name]:
            raise DataError(
                f"The run in '{out}' has the {name} {known[name]}, not {value}. Choose another folder for another run."
            )
    fresh = [source for source in settings.sources if source not in known["sources"]]
    store.set_facts({"sources": [*known["sources"], *fresh]})
    sources = settings.sources or (() if known["listed"] else tuple(known["sources"]))
    if sources and not settings.sources and known["from"] != str(Path.cwd()):
        raise DataError(f"The run in '{out}' was ended before it had listed its files. Name its sources again.")
    return replace(settings, sources=sources, model=known["model"], confidence=known["confidence"])


def _list(store: Store, settings: Settings, out: Path, teller: Teller) -> None:
    """Take up what the sources hold now. Without sources, what was taken up before is all there is."""
    teller.say("listing", now=True)
    if settings.retry:
        store.retry()
    for seen in store.add(find(settings.sources, out)):
        teller.say("listing", total=seen)
    store.set_facts({"listed": True})


def _work(store: Store, settings: Settings, out: Path, engine: Engine, teller: Teller) -> None:
    waiting, done, failed = store.counts()
    teller.count(waiting, done, failed, engine.workers)
    if waiting:
        teller.say("working", now=True)
        with engine:
            teller.count(waiting, done, failed, engine.workers)
            try:
                _have_done(store, settings, out, engine, teller)
            finally:
                tables.flush(store, out)
    else:
        tables.flush(store, out)


def _have_done(store: Store, settings: Settings, out: Path, engine: Engine, teller: Teller) -> None:
    coming = store.waiting()
    flying: dict[Future[Outcome], Job] = {}
    pending = store.count_pending()
    more = True
    while more or flying:
        suspects: list[Job] = []
        while more and not suspects and len(flying) < AHEAD * engine.workers:
            item = next(coming, None)
            more = item is not None
            if item is not None:
                suspects += _begin(_job(item, settings, out), engine, flying)
        ended, _ = wait(flying, timeout=LOOK_UP_S, return_when=FIRST_COMPLETED)
        if suspects or any(_is_killed(future, engine) for future in ended):
            ended, _ = wait(flying)  # where one worker ended, all of its pool answer at once
        suspects += [flying[future] for future in ended if _is_killed(future, engine)]
        pending += _keep(store, [future.result() for future in ended if not _is_killed(future, engine)], teller)
        for future in ended:
            del flying[future]
        if suspects:
            engine.restart()
        for job in suspects:
            pending += _keep(store, [_alone_with(job, engine)], teller)
        if pending >= tables.PART:
            tables.flush(store, out)
            pending = 0
        teller.say("working")


def _begin(job: Job, engine: Engine, flying: dict[Future[Outcome], Job]) -> list[Job]:
    """Hand a job over; gives it back where the workers have just ended."""
    try:
        flying[engine.submit(job)] = job
    except Exception as error:
        if not engine.killed(error):
            raise
        return [job]
    return []


def _is_killed(future: Future[Outcome], engine: Engine) -> bool:
    error = future.exception()
    return error is not None and engine.killed(error)


def _alone_with(job: Job, engine: Engine) -> Outcome:
    """Look again at a file that may have ended its worker, with nothing beside it that would be blamed for it."""
    try:
        return engine.submit(job).result()
    except Exception as error:
        if not engine.killed(error):
            raise
    engine.restart()
    return Outcome(job.number, error=f"{job.name} ended the process that looked at it.")


def _keep(store: Store, outcomes: Sequence[Outcome], teller: Teller) -> int:
    """Store answers; gives how many results wait for a table because of it."""
    waiting = store.keep(one for one in outcomes if not one.of_the_run)
    for one in outcomes:
        if one.of_the_run:
            raise AllcadError(one.error)
        teller.add(failed=one.field is None)
    return waiting


def _job(item: Item, settings: Settings, out: Path) -> Job:
    assert settings.model is not None
    # Workers of another machine may not see the run's folder.
    journal = str(out.absolute() / "slides" / f"{item.number}.jsonl") if settings.engine.name == "local" else ""
    return Job(
        item.number, item.path, item.member, item.name, settings.model, settings.confidence, settings.device, journal
    )


def open_run(out: Path) -> Store:
    """The store of a run that is there.

    Raises:
        DataError: there is none.
    """
    if not (out / NAME).is_file():
        raise DataError(f"There is no run in '{out}'.")
    return Store(out)


def facts(out: Path) -> dict[str, Any]:
    """What was decided when the run in ``out`` began.

    Raises:
        DataError: there is none.
    """
    with closing(open_run(out)) as store:
        return store.facts()
