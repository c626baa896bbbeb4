"""``verify``, the action that matrices and inventories share."""

from __future__ import annotations

import argparse


def verify(options: argparse.Namespace) -> int:
    """Print the faults of an entry of the shelf; 1 where there are any."""
    from atlasmix.cli.printing import print_json
    from atlasmix.evidence import Store

    faults = Store(options.store).verify(options.name)
    if options.json:
        print_json({"name": options.name, "whole": not faults, "faults": faults})
    elif faults:
        print(f"{options.name} has {len(faults)} fault{'s' * (len(faults) > 1)}:")
        print("\n".join(f"  - {fault}" for fault in faults))
    else:
        print(f"{options.name}: card, hash and every row are in order")
    return 1 if faults else 0
