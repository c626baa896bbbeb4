"""What the pages of the explorer share. It shows and asks; every figure comes from atlasmix."""
