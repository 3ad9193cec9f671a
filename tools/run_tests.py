"""Bring up what the tests need, then run pytest.

    python tools/run_tests.py --postgres embedded|system -- [arguments for pytest]

`embedded` needs nothing: conftest.py starts the server. `system` makes a throwaway cluster from the machine's own
PostgreSQL (15 or newer), which is installed first where that is allowed. Chromium is installed by apt-get when we are
root on Debian, so are LibreOffice Calc and
dovecot; elsewhere the message says what to install. ZHIKE_TEST_DATABASE_URL names a server to use as it is.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from setup import SetupError, debian_package, say

from zhike.web.cli.postgres import as_server_user, own

ROOT = Path(__file__).resolve().parent.parent
OLDEST_POSTGRES = 15
MOST_PROCESSES = 4
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_CHROMIUM = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
CHINESE_FONT = re.compile(r"CJK|wqy|SourceHan|uming|ukai|DroidSansFallback", re.IGNORECASE)


def find_chromium() -> str | None:
    if named := os.environ.get("ZHIKE_CHROMIUM"):
        return named
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    return found or (str(MAC_CHROMIUM) if MAC_CHROMIUM.exists() else None)


def chromium() -> str:
    """The path of a Chromium, installed first where that is allowed."""
    if found := find_chromium():
        return found
    say("installing Chromium for the browser tests")
    debian_package("chromium")
    if found := find_chromium():
        return found
    raise SetupError(
        "The browser tests need Chromium: install it (Debian: apt-get install chromium; macOS: Google Chrome), "
        "name one in ZHIKE_CHROMIUM, or leave them out: make test ARGS='-m \"not browser\"'"
    )


def office() -> None:
    """LibreOffice opens what is exported; installed where that is allowed. Where it is not there, those tests say why they are left out."""
    if sys.platform == "linux" and not shutil.which("soffice"):
        say("installing LibreOffice Calc for the tests of exports")
        debian_package("libreoffice-calc-nogui")


def mail_server() -> None:
    """Dovecot holds the mailboxes of the tests; installed where that is allowed. Without it those tests say why they are left out."""
    if sys.platform == "linux" and os.geteuid() == 0 and not Path("/usr/sbin/dovecot").exists():
        say("installing dovecot for the tests of mail")
        debian_package("dovecot-imapd")


def chinese_font() -> None:
    """Screenshots without a Chinese font show boxes; install one where that is allowed, do without elsewhere."""
    fonts = Path("/usr/share/fonts")
    if sys.platform == "linux" and not any(CHINESE_FONT.search(font.name) for font in fonts.rglob("*.tt[cf]")):
        debian_package("fonts-noto-cjk")


def newest_system_postgres() -> Path | None:
    """The folder of the newest PostgreSQL server programs on this machine, 15 or newer."""
    places = {int(place.parent.name): place for place in Path("/usr/lib/postgresql").glob("[0-9]*/bin")}
    usable = [version for version in places if version >= OLDEST_POSTGRES and (places[version] / "initdb").exists()]
    if usable:
        return places[max(usable)]
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def system_postgres() -> Path:
    if found := newest_system_postgres():
        return found
    say("installing PostgreSQL")
    debian_package("postgresql")
    if found := newest_system_postgres():
        return found
    raise SetupError("Install PostgreSQL 15 or newer (Debian: apt-get install postgresql) and try again.")


@contextmanager
def system_server() -> Iterator[str]:
    """A throwaway cluster of the machine's PostgreSQL; yields its URL."""
    programs, user = system_postgres(), as_server_user()
    folder = Path(tempfile.mkdtemp(prefix="zhike-pg-"))
    own(folder)
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c full_page_writes=off"
    common = ["-D", str(folder / "data")]
    run([programs / "initdb", *common, "-U", "zhike", "-E", "UTF8", "--locale=C", "-A", "trust"], user)
    run([programs / "pg_ctl", *common, "-w", "-l", folder / "log", "-o", options, "start"], user)
    try:
        yield f"postgresql://zhike@/postgres?host={folder}"
    finally:
        run([programs / "pg_ctl", *common, "-m", "immediate", "stop"], user)
        shutil.rmtree(folder, ignore_errors=True)


def run(command: list[str | Path], user: dict[str, object]) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **user,  # type: ignore[call-overload]
    )
    if done.returncode:
        raise SetupError(f"{command[0]}: {done.stderr.strip()}")


def side_by_side(arguments: list[str]) -> list[str]:
    """As many processes as the machine has processors (four at most), each with a server of its own and whole files at a time.

    Files keep the order of the collection: browsers come last. A run that is to be looked at (-s, --pdb) or says its own
    number of processes stays as it is.
    """
    if any(word.startswith(("-n", "-s", "--pdb", "-x")) for word in arguments):
        return []
    return ["-n", str(min(os.cpu_count() or 1, MOST_PROCESSES)), "--dist", "loadfile", "--no-loadscope-reorder"]


def pytest(arguments: list[str], database_url: str | None) -> int:
    env = {**os.environ, **({"ZHIKE_TEST_DATABASE_URL": database_url} if database_url else {})}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *side_by_side(arguments), *arguments], cwd=ROOT, env=env, check=False
    ).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--postgres", choices=["embedded", "system"], default="embedded")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    try:
        mail_server()
        if not any("not browser" in argument for argument in options.arguments):
            os.environ["ZHIKE_CHROMIUM"] = chromium()
            chinese_font()
            office()
        if options.postgres == "embedded":
            return pytest(options.arguments, None)
        with system_server() as url:
            return pytest(options.arguments, url)
    except SetupError as error:
        print(f"test: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
