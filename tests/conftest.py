"""What all tests share: no test is timed."""

import os
from importlib.util import find_spec

pytest_plugins = ("recipe_fixtures",)

if find_spec("hypothesis"):  # tests/frameworks does without
    from hypothesis import HealthCheck, settings

    # A busy machine is no fault of the code: speed is measured in benchmarks/, not asserted here.
    untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    # The same inputs each time, so that a change is judged by what it changed and a stranger's run
    # by what ours was; ATLASMIX_RANDOM=1 looks for new ones.
    settings.register_profile("repeatable", untimed, derandomize=True)
    settings.register_profile("random", untimed)
    settings.load_profile("random" if os.environ.get("ATLASMIX_RANDOM") else "repeatable")
