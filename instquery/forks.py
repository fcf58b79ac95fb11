"""Forks: a child process has one thread, and whatever the others held at that moment."""

import os
from typing import Protocol
from weakref import WeakSet

__all__ = ["Renewable", "renew_after_fork"]


class Renewable(Protocol):
    """Whatever has locks."""

    def renew_locks(self) -> None:
        """Take new locks, which nobody holds."""
        ...


_renewed: WeakSet[Renewable] = WeakSet()


def renew_after_fork(owner: Renewable) -> None:
    """Have an object renew its locks in every process that is forked from this one.

    A lock that another thread holds while a process is forked is held in the child for good, as the
    child does not have that thread. What the lock guards may be half changed there: who renews
    locks says how that is mended.
    """
    _renewed.add(owner)


def _renew() -> None:
    for owner in list(_renewed):
        owner.renew_locks()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing is forked
    os.register_at_fork(after_in_child=_renew)
