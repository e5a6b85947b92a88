"""The supervisor stops its processes in an order in which the first can complete their work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.server import wait_until

# Writes when it was started and told to stop, and ends after some time.
CHILD = """
import signal, sys, time
name, seconds = sys.argv[1], float(sys.argv[2])
def write(what):
    with open("log", "a") as log:
        log.write(f"{name} {what}\\n")
def stop(*_):
    write("told")
    time.sleep(seconds)
    write("ended")
    sys.exit()
signal.signal(signal.SIGTERM, stop)
open(f"{name}.sock", "w").close()
write("started")
while True:
    time.sleep(0.01)
"""
SUPERVISOR = """
import sys
from pathlib import Path
from config.processes import supervisor
supervisor.GRACE_SECONDS = float(sys.argv[1])
def build(name, seconds, **options):
    return supervisor.Child(name, [sys.executable, "child.py", name, seconds], **options)
children = [
    build("worker", "0"),
    build("gateway", sys.argv[2], stops_first=True),
    build("web", "0", socket=Path(sys.argv[3]) / "web.sock"),
]
supervisor.Supervisor(children, {}, sys.argv[3]).run()
"""


def run(folder: Path, *, grace: float, seconds: float) -> list[str]:
    """Start, stop, and return what the processes wrote from the stop on."""
    (folder / "child.py").write_text(CHILD)
    log = folder / "log"
    log.touch()
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(grace), str(seconds), str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        wait_until(lambda: len(log.read_text().splitlines()) >= 3, seconds=30)
        process.terminate()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
    return log.read_text().splitlines()[3:]


def test_the_first_has_ended_before_the_others_are_told(tmp_path: Path) -> None:
    lines = run(tmp_path, grace=20, seconds=0.5)
    assert lines[:2] == ["gateway told", "gateway ended"]
    assert sorted(lines[2:]) == ["web ended", "web told", "worker ended", "worker told"]
    assert not (tmp_path / "web.sock").exists()


def test_one_that_does_not_end_is_killed_before_the_others_are_told(tmp_path: Path) -> None:
    lines = run(tmp_path, grace=1, seconds=60)
    assert lines[0] == "gateway told"
    assert sorted(lines[1:]) == ["web ended", "web told", "worker ended", "worker told"]
