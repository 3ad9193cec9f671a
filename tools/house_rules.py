"""The house rules a machine can hold. Each rule brings its own good and bad line, which are its tests.

    python tools/house_rules.py            every file git knows or would add
    python tools/house_rules.py FILE ...   these

A line that must break a rule says so and why:   started = time.time()  # house-rule: clock, the kernel wants wall time
docs/house-rules.md explains them to people.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FUNCTION = 60
LONGEST_FILE = 500
Finder = Callable[["Source"], Iterable[int]]
"""Finds the lines (from 1) that break a rule."""


class Source:
    """A file as rules see it: its path in the project, its text, and its tree when it is Python."""

    def __init__(self, path: str, text: str) -> None:
        self.path = PurePosixPath(path)
        self.text = text
        self.lines = text.splitlines()
        self.nodes: list[ast.AST] = []
        if self.path.suffix == ".py":
            self.nodes = list(ast.walk(ast.parse(text, filename=path)))

    @property
    def is_test(self) -> bool:
        return "tests" in self.path.parts or self.path.name == "conftest.py"

    @property
    def is_made(self) -> bool:
        """Written by a tool: migrations."""
        return "migrations" in self.path.parts

    def under(self, *folders: str) -> bool:
        return any(str(self.path).startswith(f"{folder}/") for folder in folders)


@dataclass(frozen=True)
class Rule:
    """One rule: where it holds, what breaks it, what to do instead, and an example of each."""

    name: str
    instead: str
    good: str
    bad: str
    where: str
    """Path that the example lines are judged at."""
    holds_in: Callable[[Source], bool]
    find: Finder

    def broken_lines(self, source: Source) -> list[int]:
        if not self.holds_in(source):
            return []
        return sorted(number for number in set(self.find(source)) if not self._excused(source, number))

    def _excused(self, source: Source, number: int) -> bool:
        line = source.lines[number - 1] if number <= len(source.lines) else ""
        return re.search(rf"house-rule: {self.name}, \w+", line) is not None


RULES: list[Rule] = []


def rule(
    name: str,
    *,
    instead: str,
    good: str,
    bad: str,
    holds_in: Callable[[Source], bool],
    where: str = "zhike/cases/actions.py",
) -> Callable[[Finder], Finder]:
    """Register a finder as a house rule."""

    def register(find: Finder) -> Finder:
        RULES.append(Rule(name, instead, good, bad, where, holds_in, find))
        return find

    return register


def product(source: Source) -> bool:
    return source.path.suffix == ".py" and source.under("zhike") and not source.is_made


def product_or_test(source: Source) -> bool:
    return source.path.suffix == ".py" and source.under("zhike", "tests") and not source.is_made


def any_python(source: Source) -> bool:
    return source.path.suffix == ".py" and not source.is_made


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an expression, empty when it is not made of names."""
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ast.Name) else ""


def calls(source: Source) -> Iterator[ast.Call]:
    return (node for node in source.nodes if isinstance(node, ast.Call))


CLOCK_READS = re.compile(r"(^|\.)(datetime\.(now|utcnow|today)|timezone\.now|time\.time|time\.time_ns|date\.today)$")


@rule(
    "clock",
    instead="take `now` as an argument; only entry points call zhike.lib.clock.now()",
    good="opened_at = now",
    bad="opened_at = timezone.now()",
    holds_in=lambda source: product_or_test(source) and str(source.path) != "zhike/lib/clock.py",
)
def reads_the_machines_clock(source: Source) -> Iterator[int]:
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and CLOCK_READS.search(dotted(node)):
            yield node.lineno


ENTRY_POINTS = re.compile(r"^zhike/(lib/clock\.py|web/|rehearsal/|[a-z]+/tasks\.py)")


@rule(
    "time-is-an-argument",
    instead="take `now` as an argument; views, the worker and the command line read the clock",
    good="def close(case: Case, *, now: datetime) -> None: ...",
    bad="def close(case: Case) -> None: case.closed_at = clock.now()",
    holds_in=lambda source: product(source) and not source.is_test and not ENTRY_POINTS.match(str(source.path)),
)
def reads_the_clock_below_the_roof(source: Source) -> Iterator[int]:
    return (node.lineno for node in source.nodes if isinstance(node, ast.Attribute) and dotted(node) == "clock.now")


@rule(
    "save-what-changed",
    instead="name the fields: save(update_fields=[...]); a new row is objects.create() or save(force_insert=True)",
    good='case.save(update_fields=["stage"])',
    bad="case.save()",
    holds_in=lambda source: product(source) and not source.is_test,
)
def saves_everything(source: Source) -> Iterator[int]:
    for call in calls(source):
        if not (isinstance(call.func, ast.Attribute) and call.func.attr == "save") or call.args:
            continue
        named = {keyword.arg for keyword in call.keywords}
        if not named & {"update_fields", "force_insert"}:
            yield call.lineno


@rule(
    "no-own-save",
    instead="write a verb in actions.py",
    good="def close_case(case: Case, *, now: datetime) -> None: ...",
    bad="class Case:\n    def save(self) -> None: ...",
    holds_in=product,
)
def overrides_save(source: Source) -> Iterator[int]:
    for node in source.nodes:
        if isinstance(node, ast.ClassDef):
            yield from (
                item.lineno
                for item in node.body
                if isinstance(item, ast.FunctionDef) and item.name in {"save", "delete"}
            )


SIGNALS = ("django.dispatch", "django.db.models.signals", "django.core.signals", "django.contrib.auth.signals")


@rule(
    "no-signals",
    instead="record an event in the journal and react to it in reactions.py",
    good="from zhike.journal.reactions import reacts_to",
    bad="from django.db.models.signals import post_save",
    holds_in=product,
)
def imports_signals(source: Source) -> Iterator[int]:
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom) and (
            node.module in SIGNALS
            or (node.module == "django.db.models" and any(a.name == "signals" for a in node.names))
        ):
            yield node.lineno
        if isinstance(node, ast.Import) and any(alias.name in SIGNALS for alias in node.names):
            yield node.lineno


@rule(
    "no-eval",
    instead="conditions are data; compute a named fact in facts.py",
    good='holds({"repeat_complaint": True}, facts)',
    bad='eval("times > 2")',
    holds_in=any_python,
)
def evaluates_text(source: Source) -> Iterator[int]:
    return (call.lineno for call in calls(source) if dotted(call.func) in {"eval", "exec"})


@rule(
    "no-swallowing",
    instead="catch what you expect, or say what happened",
    good="try:\n    send()\nexcept SMTPException as error:\n    record(error)",
    bad="try:\n    send()\nexcept Exception:\n    pass",
    holds_in=any_python,
)
def swallows_everything(source: Source) -> Iterator[int]:
    for node in source.nodes:
        if not isinstance(node, ast.ExceptHandler):
            continue
        broad = node.type is None or dotted(node.type) in {"Exception", "BaseException"}
        if broad and all(isinstance(step, ast.Pass | ast.Continue) or is_literal(step) for step in node.body):
            yield node.lineno


def is_literal(step: ast.stmt) -> bool:
    return isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant)


NOWHERE_NAMES = {"utils", "util", "helpers", "helper", "services", "service", "misc", "managers"}


@rule(
    "no-nowhere-modules",
    instead="name the module after what it is about",
    good="zhike/cases/numbers.py",
    bad="zhike/cases/utils.py",
    holds_in=lambda source: source.path.suffix == ".py",
)
def is_a_nowhere_module(source: Source) -> Iterator[int]:
    if NOWHERE_NAMES & {source.path.stem, *source.path.parts[:-1]}:
        yield 1


WAITS = {"time.sleep", "asyncio.sleep", "sleep"}


@rule(
    "no-sleep-in-tests",
    instead="wait for the thing itself: a locator, an event, a row",
    good='page.get_by_text("已提交").wait_for()',
    bad="time.sleep(1)",
    where="tests/journeys/test_desk.py",
    holds_in=lambda source: any_python(source) and source.is_test,
)
def sleeps(source: Source) -> Iterator[int]:
    for call in calls(source):
        waits = isinstance(call.func, ast.Attribute) and call.func.attr == "wait_for_timeout"
        if waits or dotted(call.func) in WAITS:
            yield call.lineno


@rule(
    "short-functions",
    instead=f"at most {LONGEST_FUNCTION} lines beside the docstring; split it where it changes subject",
    good="def f() -> None:\n    step()",
    bad="def f() -> None:\n" + "    step()\n" * LONGEST_FUNCTION,
    holds_in=any_python,
)
def has_a_long_function(source: Source) -> Iterator[int]:
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and code_lines(node) > LONGEST_FUNCTION:
            yield node.lineno


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    docstring = node.body[0] if ast.get_docstring(node, clean=False) else None
    told = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return (node.end_lineno or 0) - node.lineno + 1 - told


@rule(
    "short-files",
    instead=f"at most {LONGEST_FILE} lines; make it a package",
    good="step()",
    bad="step()\n" * (LONGEST_FILE + 1),
    holds_in=lambda source: source.path.suffix in {".py", ".html", ".js", ".css"} and not source.is_made,
)
def is_a_long_file(source: Source) -> Iterator[int]:
    if len(source.lines) > LONGEST_FILE:
        yield LONGEST_FILE + 1


def pages(source: Source) -> bool:
    return product(source) and source.under("zhike/web") and not source.under("zhike/web/cli") and not source.is_test


@rule(
    "one-gate",
    instead="ask the room's access.py, which gives only what the viewer may see",
    good="case = access.case_for(viewer, number)",
    bad="case = Case.objects.get(number=number)",
    where="zhike/web/desk/views.py",
    holds_in=pages,
)
def goes_past_the_gate(source: Source) -> Iterator[int]:
    for call in calls(source):
        name = dotted(call.func)
        if name.endswith(".objects.get") or name in {"get_object_or_404", "shortcuts.get_object_or_404"}:
            yield call.lineno


# Put together from parts, so that this file does not break its own rule.
REGISTRIES = [
    r"pypi\.org",
    r"pythonhosted\.org",
    r"registry\.npmjs",
    r"npmmirror\.com",
    r"deb\.debian\.org",
    r"crates\.io",
]
MACHINE_PATHS = [
    r"(?<![\w.])/(work|root)/",
    r"(?<![\w.])/home/[a-z]",
    r"/opt/(pypi|wheels)",
    r"/\.pyenv/",
]
ELSEWHERE = re.compile("|".join(REGISTRIES + MACHINE_PATHS))


@rule(
    "no-machine-names",
    instead="registries and paths differ from machine to machine: leave them to the environment",
    good="pip install zhike",
    bad="pip install --index-url https://mirror." + "pypi" + ".org/simple zhike",
    where="docs/install.md",
    holds_in=lambda _source: True,
)
def names_a_machine(source: Source) -> Iterator[int]:
    return (number for number, line in enumerate(source.lines, 1) if ELSEWHERE.search(line))


INLINE_CODE = re.compile(
    r"<script(?![^>]*(\bsrc=|application/json|importmap))|<style\b|\s(style|on[a-z]+|hx-on[:a-z-]*)=[\"']",
    re.IGNORECASE,
)


@rule(
    "no-inline-code",
    instead="put it in a file under static/: the content security policy refuses inline scripts and styles",
    good='<script src="{% static "desk.js" %}" defer></script>',
    bad='<button onclick="take()">',
    where="zhike/web/desk/templates/desk/page.html",
    holds_in=lambda source: source.path.suffix == ".html" and source.under("zhike"),
)
def has_inline_code(source: Source) -> Iterator[int]:
    return (number for number, line in enumerate(source.lines, 1) if INLINE_CODE.search(line))


TEXT = {
    ".py",
    ".md",
    ".html",
    ".js",
    ".css",
    ".yaml",
    ".yml",
    ".toml",
    ".feature",
    ".in",
    ".lock",
    ".json",
    ".po",
    ".sh",
    "",
}


def project_files() -> list[str]:
    """Files git tracks or would add, as paths in the project."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for path in told if PurePosixPath(path).suffix in TEXT and (ROOT / path).is_file()]


def complaints(path: str, text: str) -> Iterator[str]:
    """What is wrong with one file, a line each: place, rule, remedy."""
    try:
        source = Source(path, text)
    except SyntaxError as error:
        yield f"{path}:{error.lineno}: not valid Python: {error.msg}"
        return
    for each in RULES:
        for number in each.broken_lines(source):
            yield f"{path}:{number}: [{each.name}] {each.instead}"


def main(paths: list[str]) -> int:
    chosen = [str(Path(path).resolve().relative_to(ROOT)) for path in paths] or project_files()
    found = [line for path in chosen for line in complaints(path, (ROOT / path).read_text(errors="replace"))]
    print("\n".join(found) if found else f"house rules: {len(RULES)} rules kept in {len(chosen)} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
