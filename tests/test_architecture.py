"""The house stands as it is drawn: floors, no pickle, modules that one can read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parent.parent
PICKLING_MODULES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
PICKLING_CALLS = {"torch.load", "torch.jit.load", "pd.read_pickle", "pandas.read_pickle"}
LONGEST_MODULE = 400
"""Lines. About 300 is the aim; beyond this a module is surely more than one thing."""


def sources() -> list[Path]:
    """Every Python file of the product."""
    return [*ROOT.glob("app.py"), *(ROOT / "pages").rglob("*.py"), *(ROOT / "allcad_core").rglob("*.py")]


def pickling(tree: ast.AST) -> Iterator[str]:
    """Every place in a module that can read a pickle."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Call):
            if ast.unparse(node.func) in PICKLING_CALLS or any(word.arg == "allow_pickle" for word in node.keywords):
                yield f"line {node.lineno}: {ast.unparse(node)}"
            continue
        else:
            continue
        yield from (f"line {node.lineno}: {name}" for name in names if name.split(".")[0] in PICKLING_MODULES)


def test_imports_go_down_and_never_sideways(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None, no_cache=True, no_logo=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_no_module_of_the_product_reads_a_pickle():
    found = {str(path): list(pickling(ast.parse(path.read_text(encoding="utf-8")))) for path in sources()}
    assert {path: places for path, places in found.items() if places} == {}


@pytest.mark.parametrize(
    "code", ["import pickle", "from joblib import load", "x = torch.load(p)", "np.load(p, allow_pickle=True)"]
)
def test_the_search_for_pickles_finds_them(code):
    assert len(list(pickling(ast.parse(code)))) == 1


def test_modules_stay_readable():
    long = {
        str(path): count for path in sources() if (count := len(path.read_text("utf-8").splitlines())) > LONGEST_MODULE
    }
    assert long == {}


def test_only_safe_weights_are_shipped():
    odd = [
        path.name for path in (ROOT / "weights").rglob("*") if path.suffix not in {".safetensors", ".json", ".md", ""}
    ]
    assert odd == []
