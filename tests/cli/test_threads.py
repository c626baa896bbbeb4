"""How many threads the command line asks of the linear algebra."""

import os
import subprocess
import sys

import pytest

CODE = (
    "import os; from atlasmix.cli.main import run; run(['laws', 'list', '--json']); "
    "print(os.environ['OPENBLAS_NUM_THREADS'])"
)


@pytest.mark.parametrize(("given", "threads"), [(None, "1"), ("3", "3")])
def test_one_thread_unless_somebody_says_otherwise(given, threads, tmp_path):
    """Threads of small systems wait for each other, the longer the more cores there are."""
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    if given:
        environment["OPENBLAS_NUM_THREADS"] = given
    told = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip().splitlines()[-1] == threads
