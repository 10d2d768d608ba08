"""What SECURITY.md promises of the packages: a bill of materials of just what is installed."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def plain(name: str) -> str:
    """A package's name as the index of packages compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_bill_of_materials_lists_every_pin_and_nothing_else() -> None:
    pins = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    listed = json.loads((ROOT / "docs" / "sbom.json").read_text())["components"]
    assert len(pins) > 50
    assert {(plain(name), version) for name, version in pins} == {
        (plain(part["name"]), part["version"]) for part in listed
    }, "make sbom"


def test_the_server_listens_to_this_machine_and_checks_where_requests_come_from() -> None:
    from streamlit import config

    config.get_config_options(force_reparse=True)
    assert config.get_option("server.address") == "127.0.0.1"
    assert config.get_option("server.enableXsrfProtection") is True
    assert config.get_option("server.enableCORS") is True
    assert config.get_option("browser.gatherUsageStats") is False
