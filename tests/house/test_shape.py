"""The shape of the repository: sizes, doors, and what must not be in it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOMS, ROOT, modules, texts

LONGEST_FILE, LONGEST_FUNCTION = 300, 60
# The verifier is handed to strangers inside the evidence file: one file that they can read and run alone.
ONE_FILE_BY_DESIGN = {"bot/evidence/verify.py": 1210}
# Written in pieces, so that this file does not find itself.
HOSTS = ["py" + "pi.org", "python" + "hosted.org", "pypi" + ".tuna", "mirrors" + ".aliyun"]
MACHINE = re.compile(r"(?<![\w./-])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|opt/py" + r"pi[\w-]*|opt/whe" + r"els)/")
LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")


def functions(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def written() -> Iterator[tuple[str, str]]:
    """What people read and change; migrations are written once, by a tool, and never changed."""
    return ((path, source) for path, source in modules(*ROOMS) if "migrations/versions/" not in path)


def test_no_file_is_too_long() -> None:
    lengths = {path: source.count("\n") for path, source in written()}
    assert {path: lines for path, lines in lengths.items() if lines > ONE_FILE_BY_DESIGN.get(path, LONGEST_FILE)} == {}


def test_no_function_is_too_long() -> None:
    found = [(path, *function) for path, source in written() for function in functions(source)]
    assert [entry for entry in found if entry[2] > LONGEST_FUNCTION] == []


def contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_import_contracts_hold() -> None:
    done = contracts(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "breach"),
    [
        ("bot/clock.py", "import handlers.missed_punch.flow"),
        ("adapters/wecom/directory.py", "import adapters.dingtalk.render"),
        ("config/table.py", "import bot.card"),
        ("adapters/wecom/sandbox.py", "import adapters.wecom.crypto"),
        ("handlers/missed_punch/rules.py", "import sqlalchemy"),
    ],
)
def test_a_breach_of_the_import_contracts_is_caught(tmp_path: Path, module: str, breach: str) -> None:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{breach}\n")
    done = contracts(tmp_path)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout


def test_the_core_names_no_feature() -> None:
    features = [folder.name for folder in (ROOT / "handlers").iterdir() if (folder / "__init__.py").is_file()]
    assert features, "handlers/ holds at least one feature"
    said = [(path, word) for path, source in modules("bot") for word in _words(source)]
    assert [(path, word) for path, word in said if any(feature in word for feature in features)] == []


def _words(source: str) -> Iterator[str]:
    """Names and strings that run; examples in docstrings may speak of a feature."""
    module = ast.parse(source)
    quiet = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quiet:
            yield node.value
        elif isinstance(node, ast.Name | ast.FunctionDef | ast.ClassDef):
            yield node.id if isinstance(node, ast.Name) else node.name
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_no_machine_path_and_no_package_registry_is_written_down() -> None:
    found = [
        f"{path}:{number}: {line.strip()[:120]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE.search(line) or any(host in line for host in HOSTS) or ("file:/" in line and "requirements" in path)
    ]
    assert found == []


def test_nothing_is_left_for_later() -> None:
    assert [path for path, text in texts() if LATER.search(text)] == []


def test_every_locked_requirement_is_pinned_and_hashed() -> None:
    for name in ("run", "dev"):
        lock = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
        lines = [line for line in lock.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert lines, f"requirements/{name}.txt is empty"
        assert [line[:80] for line in lines if "==" not in line or "--hash=sha256:" not in line] == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path, text in texts():
        if path.endswith(".md"):
            targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)
            broken += [
                f"{path} -> {target}" for target in targets if not (ROOT / path).parent.joinpath(target).exists()
            ]
    assert broken == []


def test_whatever_a_room_needs_is_installed_with_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    kinds = {Path(pattern).suffix for pattern in project["tool"]["setuptools"]["package-data"]["*"]} | {".py", ".pyc"}
    rooms = [path for room in ("bot", "handlers", "adapters", "config") for path in (ROOT / room).rglob("*")]
    assert [str(path) for path in rooms if path.is_file() and path.suffix not in kinds] == []


def test_both_halves_together_run_every_folder_of_tests() -> None:
    run = re.findall(r"-m pytest ((?:tests/\w+ ?)+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    named = sorted(folder for half in run for folder in half.split())
    assert named == sorted(
        {f"tests/{path.relative_to(ROOT / 'tests').parts[0]}" for path in ROOT.glob("tests/*/**/test_*.py")}
    )
    assert list(ROOT.glob("tests/test_*.py")) == []


def test_whoever_erases_is_there_when_the_application_is() -> None:
    """An eraser in a module that nobody imports would never run, and nobody would notice."""
    written_in = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path, source in modules("bot", "handlers")
        if re.search(r"^@erases$", source, re.M)
    }
    code = (
        "from bot.app import build; from bot.router import routes; from config.settings import load, sandbox_env;"
        "build(load(sandbox_env('http://127.0.0.1:1')));"
        "print(*sorted({each.__module__ for each in routes.erasers}), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == written_in
