"""From one engine to the other: a copy's rows, value by value, compared at the end (ADR 56)."""
