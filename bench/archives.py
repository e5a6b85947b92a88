"""Measure reading and packing of packages, and the most expensive hostile sample.

Run: `python -m bench.archives`. Prints `name | value | unit`. Each read runs in its own process, so its peak memory is that
of the whole interpreter (VmHWM of /proc, so Linux).
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

from bench.report import report, skip
from plugport.spec.archive.packer import pack_tree
from plugport.spec.archive.reader import load_package
from plugport.spec.archive.unpacker import unpack_package
from plugport.spec.errors import PlugportError
from tests.support.archives import END, build_tar_header

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("PLUGPORT_TEST_DATA", ROOT.parent / "shared" / "data"))
MB = 1_000_000
WORDS = ("const", "plugin", "export", "default", "async", "return", "await", "context", "channel")


def build_source_text(size: int, seed: int) -> bytes:
    """Return text that compresses about as well as source code."""
    rng = random.Random(seed)
    words = [
        f"{rng.choice(WORDS)}{rng.choice(['', '_', str(rng.randrange(1000))])}"
        for _ in range(size // 6)
    ]
    return " ".join(words).encode()[:size]


def write_plugin(folder: Path, files: int, file_bytes: int) -> int:
    """Write a plugin with many source files; return its size in bytes."""
    folder.mkdir()
    (folder / "plugport.yaml").write_text("name: bench\n")
    for number in range(files):
        path = folder / f"src/module{number % 40}/file{number}.ts"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(build_source_text(file_bytes, number))
    return files * file_bytes


def write_large_package(path: Path, size: int) -> None:
    """A package with one file of noise, written without holding it."""
    block = random.Random(0).randbytes(MB)
    deflater = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    with path.open("wb") as out:
        out.write(deflater.compress(build_tar_header(b"plugport.yaml")))
        out.write(deflater.compress(build_tar_header(b"model.bin", size=size)))
        for _block in range(size // MB):
            out.write(deflater.compress(block))
        out.write(deflater.compress(bytes(-size % 512) + END) + deflater.flush())


def measure_read(archive: Path, *, unpack: bool) -> dict[str, float]:
    """Read one package in a separate process."""
    how = "unpack" if unpack else "read"
    command = [sys.executable, "-m", "bench.archives", "--read-one", str(archive), how]
    done = subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def run_single_read(archive: Path, how: str) -> None:
    """Read or unpack, then print time and memory as JSON."""
    with tempfile.TemporaryDirectory() as scratch:
        started = time.perf_counter()
        try:
            if how == "unpack":
                unpack_package(archive, Path(scratch, "plugin"))
            else:
                load_package(archive)
        except PlugportError:
            pass
        seconds = time.perf_counter() - started
    status = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()
    print(json.dumps({"seconds": seconds, "peak_mb": int(status[0]) * 1024 / MB}))


def bench_plugin(scratch: Path) -> None:
    """Pack, read and unpack a plugin of 2,000 files."""
    size = write_plugin(scratch / "plugin", files=2000, file_bytes=20_000)
    archive = scratch / "plugin.tar.gz"
    started = time.perf_counter()
    with archive.open("wb") as out:
        packed = pack_tree(scratch / "plugin", out)
    report("pack 2000 source files", size / MB / (time.perf_counter() - started), "MB/s")
    report("packed size of 40 MB of source", packed.size_bytes / MB, "MB")
    for how in ("read", "unpack"):
        taken = measure_read(archive, unpack=how == "unpack")
        report(f"{how} 2000 source files", size / MB / taken["seconds"], "MB/s")
        report(f"{how} 2000 source files, peak memory", taken["peak_mb"], "MB")


def bench_large(scratch: Path) -> None:
    """Read a package of 200 MB that hardly compresses."""
    write_large_package(scratch / "large.tar.gz", 200 * MB)
    for how in ("read", "unpack"):
        taken = measure_read(scratch / "large.tar.gz", unpack=how == "unpack")
        report(f"{how} one file of 200 MB", 200 / taken["seconds"], "MB/s")
        report(f"{how} one file of 200 MB, peak memory", taken["peak_mb"], "MB")


def bench_samples(samples: Path) -> None:
    """Unpack every hostile sample; report the worst time and memory."""
    if not samples.is_dir():
        skip("samples", f"there is no {samples.parent.name}/{samples.name}")
        return
    taken = {path.name: measure_read(path, unpack=True) for path in samples.glob("*.tar.gz")}
    slowest = max(taken, key=lambda name: taken[name]["seconds"])
    largest = max(taken, key=lambda name: taken[name]["peak_mb"])
    report("samples read", len(taken), "packages")
    report(f"slowest sample ({slowest})", taken[slowest]["seconds"], "s")
    report(f"largest sample in memory ({largest})", taken[largest]["peak_mb"], "MB")


def main() -> None:
    if sys.argv[1:2] == ["--read-one"]:
        run_single_read(Path(sys.argv[2]), sys.argv[3])
        return
    with tempfile.TemporaryDirectory() as name:
        bench_plugin(Path(name))
        bench_large(Path(name))
    bench_samples(DATA / "archives" / "samples")


if __name__ == "__main__":
    main()
