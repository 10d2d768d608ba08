"""What belongs to one visitor: the smears, the choice among them, and what was computed for them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar, cast

import streamlit as st

from allcad_core import images, review
from allcad_core.errors import AllcadError, DataError, ImageError, UnknownNameError
from allcad_core.images import SmearImage
from allcad_core.results import FieldAnalysis
from allcad_core.review import Review
from allcad_core.ui import engine, samples

Made = TypeVar("Made")

MOST_SMEARS = 24
"""A visitor's smears that are kept; the oldest go first. Each costs its pixels in memory."""
REVIEW_ENDING = ".json"
"""How the name of a saved review ends."""
MOST_REMEMBERED = 96
"""Computed things that are kept for a visitor: analyses, masks and encoded pictures of the smears above."""


@dataclass(frozen=True, eq=False)
class Smear:
    """A photograph that a visitor looks at, and where it came from.

    Attributes:
        image: the photograph.
        sample: name of the generated sample that it is; ``None`` for a visitor's own.
        read_ms: milliseconds that reading it took.
    """

    image: SmearImage
    sample: str | None = None
    read_ms: float = 0.0

    @property
    def key(self) -> str:
        """Names the smear among the visitor's own."""
        return self.image.sha256

    @property
    def name(self) -> str:
        """What a person calls it: the file's name without its folder."""
        return images.base_name(self.image.name)


def smears() -> list[Smear]:
    """The visitor's smears, oldest first."""
    return cast("list[Smear]", st.session_state.setdefault("smears", []))


def current() -> Smear | None:
    """The smear that every page shows."""
    chosen = st.session_state.get("smear")
    return next((smear for smear in smears() if smear.key == chosen), None)


def choose(key: str) -> None:
    """Show another of the visitor's smears."""
    st.session_state["smear"] = key
    st.session_state.pop("cell", None)
    say("")


def failures() -> list[str]:
    """A sentence for each file of the last upload that could not be read."""
    return cast("list[str]", st.session_state.get("failures", []))


def complain(sentences: list[str]) -> None:
    """Set what stands above the page until the next smear comes."""
    st.session_state["failures"] = sentences


def take(files: Iterable[tuple[str, bytes]]) -> bool:
    """Read uploaded files; what cannot be read does not stop the others.

    Args:
        files: name and content of each: photographs, and reviews that were saved as JSON.

    Returns:
        Whether there is something to show: the first photograph that could be read is now the visitor's smear; without one,
        the smear that a saved review is of.
    """
    read: list[Smear] = []
    sentences: list[str] = []
    saved: list[Review] = []
    for name, content in files:
        start = perf_counter()
        try:
            if name.lower().endswith(REVIEW_ENDING):
                saved += _saved_reviews(name, content)
                continue
            image = images.read(content, name)
            read.append(Smear(image, read_ms=1000 * (perf_counter() - start)))
        except (ImageError, DataError) as error:
            sentences.append(str(error))
    if sentences and read:
        others = "The other file was read." if len(read) == 1 else f"The other {len(read)} files were read."
        sentences[-1] += f" {others}"
    if read:
        _add(read)
    found = _take_over(saved, chosen=bool(read))
    strangers = [one for one in saved if one.sha256 not in {smear.key for smear in smears()}]
    if strangers:
        sentences.append(
            f"A review is of {'a photograph' if len(strangers) == 1 else f'{len(strangers)} photographs'} not brought yet. "
            "Bring the very file that was reviewed; the review is applied to it then."
        )
    complain(sentences)
    return bool(read) or found


def _saved_reviews(name: str, content: bytes) -> list[Review]:
    """Reviews with edits from a JSON file. Raises DataError where it holds none."""
    try:
        found = [one for one in review.from_json(content.decode("utf-8")) if one.edits]
    except (UnicodeDecodeError, DataError) as error:
        detail = str(error) if isinstance(error, DataError) else "It is not text."
        raise DataError(f"{images.base_name(name)} cannot be used as a review. {detail}") from error
    if not found:
        raise DataError(f"{images.base_name(name)} holds no review: nobody changed anything in it.")
    return found


def _take_over(saved: list[Review], *, chosen: bool) -> bool:
    """Keep reviews by their photograph; show the first one whose photograph is here, unless one is chosen already."""
    for one in saved:
        st.session_state.setdefault("reviews", {})[one.sha256] = one
    known = [one.sha256 for one in saved if one.sha256 in {smear.key for smear in smears()}]
    if known:
        if not chosen:
            choose(known[0])
        number = sum(len(one.edits) for one in saved if one.sha256 in known)
        say(
            f"A saved review was taken over: {number} {'change' if number == 1 else 'changes'}. U takes the last one back."
        )
    return bool(known)


def take_sample(name: str) -> None:
    """Show a generated sample; it takes the place of an earlier one.

    Raises:
        UnknownNameError: there is no such sample.
    """
    image = samples.load(name)
    st.session_state["smears"] = [smear for smear in smears() if smear.sample is None]
    complain([])
    _add([Smear(image, name)])


def _add(new: list[Smear]) -> None:
    fresh = {smear.key: smear for smear in new}
    kept = [smear for smear in smears() if smear.key not in fresh]
    st.session_state["smears"] = [*kept, *fresh.values()][-MOST_SMEARS:]
    choose(new[0].key)


def recipe() -> str:
    """The model that the visitor chose."""
    return cast("str", st.session_state.get("recipe") or engine.default_recipe())


def choose_recipe(name: str) -> None:
    """Look with another model from now on."""
    st.session_state["recipe"] = name
    st.session_state.pop("cell", None)
    _given_up().clear()


def chosen_cell() -> int | None:
    """Index in ``every_cell`` of the cell that the visitor chose."""
    return cast("int | None", st.session_state.get("cell"))


def choose_cell(index: int) -> None:
    """Frame a cell in the viewer and in the gallery."""
    st.session_state["cell"] = index


def remember(key: Hashable, make: Callable[[], Made]) -> Made:
    """Compute something once a visitor; what was asked for longest ago is forgotten first."""
    memory: dict[Hashable, object] = st.session_state.setdefault("memory", {})
    made = memory.pop(key) if key in memory else make()
    memory[key] = made
    while len(memory) > MOST_REMEMBERED:
        memory.pop(next(iter(memory)))
    return cast("Made", made)


def is_remembered(key: Hashable) -> bool:
    """Whether ``remember`` has this at hand."""
    return key in st.session_state.get("memory", {})


def is_known(smear: Smear, name: str) -> bool:
    """Whether this smear was already analysed with this model."""
    if smear.sample is not None:
        return engine.is_sample_known(smear.sample, name)
    return ("analysis", smear.key, name) in st.session_state.get("memory", {})


def analysis(smear: Smear, name: str, progress: engine.Progress | None = None) -> FieldAnalysis:
    """The analysis of a smear at the model's own confidence, computed once a visitor; samples once for all.

    Raises:
        AllcadError: the model cannot be used.
    """
    if smear.sample is not None:
        return engine.of_sample(smear.sample, name, progress)
    return remember(
        ("analysis", smear.key, name), lambda: engine.engine(name).analyse(smear.image, progress, smear.read_ms)
    )


def reviewed(smear: Smear, name: str, progress: engine.Progress | None = None) -> FieldAnalysis:
    """The same with the visitor's review of this smear.

    Raises:
        AllcadError: the model cannot be used.
    """
    found = analysis(smear, name, progress)
    try:
        return review.apply(found, review_of(smear).edits)
    except DataError as error:  # a saved review that fits the file but not its pixels
        set_review(smear, Review(smear.key))
        complain([f"The review of {smear.name} was left out. {error}"])
        return found


def review_of(smear: Smear) -> Review:
    """What the visitor has said about the cells of a smear; it stays when another model looks."""
    reviews = cast("dict[str, Review]", st.session_state.get("reviews", {}))
    return reviews.get(smear.key, Review(smear.key))


def set_review(smear: Smear, own: Review) -> None:
    """Take over a visitor's review."""
    st.session_state.setdefault("reviews", {})[smear.key] = own


def said() -> str:
    """A sentence on what the visitor did last; empty before that."""
    return cast("str", st.session_state.get("said", ""))


def say(sentence: str) -> None:
    """Set that sentence."""
    st.session_state["said"] = sentence


def read_ahead() -> bool:
    """Analyse one smear of the row that nobody looked at yet.

    Returns:
        Whether there was one, so that the row has news to show.
    """
    name = recipe()
    waiting = next((smear for smear in smears() if not is_known(smear, name) and smear.key not in _given_up()), None)
    if waiting is None:
        return False
    try:
        analysis(waiting, name)
    except AllcadError:  # its sentence stands on the page of that smear, once somebody chooses it
        _given_up().add(waiting.key)
    return True


def _given_up() -> set[str]:
    return cast("set[str]", st.session_state.setdefault("given-up", set()))


def asked_anew(key: str) -> tuple[str | None, str | None] | None:
    """What the address asks for, ``?sample=...&model=...``; ``None`` where it has been asked for already.

    Args:
        key: under which the page remembers the address that it followed last.
    """
    asked = (st.query_params.get("sample"), st.query_params.get("model"))
    if asked == st.session_state.get(key):
        return None
    st.session_state[key] = asked
    return asked


def hold(key: str, value: object) -> None:
    """Let a widget stand at a value, and say nothing where it stands there already.

    What a page writes goes to the browser, which then takes back what its visitor has moved on to meanwhile: without this,
    keys that fall quicker than a page is drawn are lost.
    """
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def follow_address() -> None:
    """Do what the address asks for, ``?sample=...&model=...``, once for each new address."""
    asked = asked_anew("address")
    if asked is None:
        return
    sample, model = asked
    smear = current()
    wrong: list[str] = []
    try:
        if sample is not None and (smear is None or smear.sample != sample):
            take_sample(sample)
    except AllcadError as error:
        wrong.append(str(error))
    try:
        if model is not None and model != recipe():
            known = [one.name for one in engine.recipes()]
            if model not in known:
                raise UnknownNameError("model", model, known)
            choose_recipe(model)
    except AllcadError as error:
        wrong.append(str(error))
    if wrong:
        complain(wrong)


def write_address() -> None:
    """Say in the address what the page shows, so that it can be sent to somebody. Own photographs stay unnamed."""
    smear = current()
    sample, model = smear.sample if smear else None, recipe()
    parameters = {"model": model} if sample is None else {"sample": sample, "model": model}
    if smear is not None and st.query_params.to_dict() != parameters:
        st.query_params.from_dict(parameters)
        st.session_state["address"] = (sample, model)


def counted(smear: Smear, name: str) -> str:
    """A few words on a smear for the row of smears: its counts, or that it was not looked at yet."""
    if not is_known(smear, name):
        return "reading"
    counts = reviewed(smear, name).counts
    return f"{counts.blast} of {counts.total}" if counts.total else "no white cells"
