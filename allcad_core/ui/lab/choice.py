"""What a visitor chose in the lab: the method, a threshold of their own, a pair, a scale. It outlives a change of page."""

from __future__ import annotations

from typing import cast

import streamlit as st

from allcad_core import quality
from allcad_core.errors import AllcadError, UnknownNameError
from allcad_core.segmentation import methods
from allcad_core.ui import state
from allcad_core.ui.lab import work
from allcad_core.ui.state import Smear

SIDE_BY_SIDE = "side-by-side"


def method() -> str:
    """The method whose work is shown, or ``SIDE_BY_SIDE``."""
    return cast("str", st.session_state.get("lab-method") or methods()[0])


def choose_method(name: str) -> None:
    """Show another method's work."""
    st.session_state["lab-method"] = name


def pair() -> tuple[str, str]:
    """The two methods that stand side by side, left and right."""
    known = methods()
    usual = (known[0], "stain" if "stain" in known else known[-1])
    return cast("tuple[str, str]", st.session_state.get("lab-pair") or usual)


def choose_pair(side: int, name: str) -> None:
    """Put another method on a side: 0 left, 1 right."""
    left, right = pair()
    st.session_state["lab-pair"] = (name, right) if side == 0 else (left, name)


def _thresholds() -> dict[tuple[str, str], int]:
    return cast("dict[tuple[str, str], int]", st.session_state.setdefault("lab-thresholds", {}))


def threshold(smear: Smear, name: str) -> int | None:
    """The grey level that the visitor set on this smear in place of a method's own."""
    return _thresholds().get((smear.key, name))


def set_threshold(smear: Smear, name: str, level: int | None) -> None:
    """Set the grey level by hand; ``None`` goes back to the method's own."""
    if level is None:
        _thresholds().pop((smear.key, name), None)
    else:
        _thresholds()[smear.key, name] = max(0, min(255, level))


def micrometres(smear: Smear) -> float | None:
    """Micrometres a pixel: as the visitor set them, else from the red cells of the smear, else ``None``."""
    own = _scales().get(smear.key)
    return from_red_cells(smear) if own is None else 1 / own


def from_red_cells(smear: Smear) -> float | None:
    """Micrometres a pixel, from the red cells of the smear; ``None`` where none lies alone."""
    return quality.um_per_px(work.found(smear, work.STAIN).red_cell_diameter)


def _scales() -> dict[str, float]:
    return cast("dict[str, float]", st.session_state.setdefault("lab-scales", {}))


def own_scale(smear: Smear) -> float | None:
    """Pixels a micrometre that the visitor set for this smear."""
    return _scales().get(smear.key)


def set_scale(smear: Smear, pixels: float | None) -> None:
    """Set pixels a micrometre by hand; ``None`` goes back to what red cells say."""
    if pixels:
        _scales()[smear.key] = pixels
    else:
        _scales().pop(smear.key, None)


def follow_address() -> None:
    """Do what the address asks for, ``?sample=...&method=...&threshold=...``, once for each new address."""
    asked = st.query_params.to_dict()
    if asked == st.session_state.get("lab-address"):
        return
    st.session_state["lab-address"] = asked
    smear = state.current()
    try:
        if "sample" in asked and (smear is None or smear.sample != asked["sample"]):
            state.take_sample(asked["sample"])
        if "method" in asked:
            if asked["method"] not in (*methods(), SIDE_BY_SIDE):
                raise UnknownNameError("segmentation method", asked["method"], [*methods(), SIDE_BY_SIDE])
            choose_method(asked["method"])
    except AllcadError as error:
        state.complain([str(error)])
    smear, level = state.current(), asked.get("threshold", "")
    if smear is not None and level.isascii() and level.isdigit():
        set_threshold(smear, method(), int(level))


def write_address(smear: Smear) -> None:
    """Say in the address what the page shows. Own photographs stay unnamed."""
    level = threshold(smear, method())
    parameters = {
        **({} if smear.sample is None else {"sample": smear.sample}),
        "method": method(),
        **({} if level is None else {"threshold": str(level)}),
    }
    if st.query_params.to_dict() != parameters:
        st.query_params.from_dict(parameters)
    st.session_state["lab-address"] = parameters
