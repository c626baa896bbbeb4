"""What all tests share: no test is timed."""

from importlib.util import find_spec

pytest_plugins = ("recipe_fixtures",)

if find_spec("hypothesis"):  # tests/frameworks does without
    from hypothesis import HealthCheck, settings

    # A busy machine is no fault of the code: speed is measured in benchmarks/, not asserted here.
    settings.register_profile(
        "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("untimed")
