"""The processes of one machine: Redis, web, two workers, the sweeper and the local mail catcher.

`python -m nps.supervisor` starts them in order, watches them, starts again what dies and stops them in order. Only the
standard library is used here, so that the supervisor has nothing to fail with and starts at once.
"""
