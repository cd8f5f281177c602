"""Search for inputs that a reader of files from elsewhere does not survive, guided by coverage (atheris):

pip install 'nst[fuzz]'
python scripts/fuzz.py pictures 3600
python scripts/fuzz.py texts 3600
python scripts/fuzz.py recipes 3600
python scripts/fuzz.py commands 3600
python scripts/fuzz.py checkpoints 3600

A reader may return, or raise an InputError of one line. Every other exception, an input that takes over 10 s and more
than 2 GiB of memory end the search with status 1; the input is then in the folder of `--keep`, beside all inputs that
reached new code. The next search begins with these. `READERS` in scripts/fuzz_readers.py lists the readers.
"""

import argparse
import importlib.util
import logging
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz_readers import READERS

SECONDS, MIB, BYTES = 10, 2048, 2**16  # bounds for one input: time, memory, size
INSTRUMENTED = ["PIL", "nst", "yaml", "omegaconf", "zipfile", "numpy.lib", "numpy.lib.format"]
FAILURES = ("crash-*", "timeout-*", "oom-*", "leak-*")


def main(arguments: list[str] | None = None) -> int:
    """Search for some time; return 0 if every input was survived, 1 if not, 2 without atheris."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reader", choices=sorted(READERS))
    parser.add_argument("seconds", type=int)
    parser.add_argument("--keep", type=Path, default=Path("outputs/fuzz"), help="folder of the inputs")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    folder = options.keep / options.reader
    if options.inside:
        _search(options.reader, folder, options.seconds)
    if importlib.util.find_spec("atheris") is None:
        print("fuzz.py needs atheris: pip install 'nst[fuzz]'", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    before = _failures(folder)
    command = [sys.executable, __file__, options.reader, str(options.seconds), "--keep", str(options.keep), "--inside"]
    status = subprocess.run(command, check=False).returncode  # noqa: S603  atheris ends its process
    found = sorted(_failures(folder) - before)
    print(f"{options.reader}: {f'failed (status {status}):' if status else 'held'}", *found)
    return 1 if status or found else 0


def _failures(folder: Path) -> set[Path]:
    return {path for pattern in FAILURES for path in folder.glob(pattern)}


def _search(name: str, folder: Path, seconds: int) -> None:
    """Run atheris, which ends the process."""
    import atheris

    logging.getLogger("nst").setLevel(logging.CRITICAL + 1)
    with atheris.instrument_imports(include=INSTRUMENTED):
        reader = READERS[name]()
    from nst.errors import InputError

    def one(data: bytes) -> None:
        try:
            reader.read(data)
        except InputError as error:
            if "\n" in str(error):
                raise AssertionError("an InputError of more than one line") from error

    with tempfile.TemporaryDirectory() as scratch:
        reader.prepare(Path(scratch))
        corpus = folder / "corpus"
        corpus.mkdir(exist_ok=True)
        for index, seed in enumerate(reader.seeds()):
            (corpus / f"seed-{index}").write_bytes(seed)
        bounds = [f"-timeout={SECONDS}", f"-rss_limit_mb={MIB}", f"-max_len={BYTES}", f"-max_total_time={seconds}"]
        atheris.Setup([sys.argv[0], *bounds, f"-artifact_prefix={folder}/", "-print_final_stats=1", str(corpus)], one)
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
