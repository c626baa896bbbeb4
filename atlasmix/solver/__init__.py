"""The convex program, its engines, the search over tokens, and the proof."""
