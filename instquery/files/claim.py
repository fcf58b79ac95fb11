"""Claims: a file taken for one owner, made if it is not there; a failure leaves nothing."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from instquery.files.filelock import FileLock
from instquery.files.layout import make
from instquery.files.place import check_rights, refuse_leftovers, remove
from instquery.files.reading import Reading
from instquery.files.refusals import DurableError, elsewhere

__all__ = ["claimed", "made_at", "read_alone"]

_UNDECLARED = "{}"  # what a file says of the schema until it is first opened


@contextmanager
def claimed(place: Path, cursor_key: str) -> Generator[FileLock]:
    """Lock a file, made if it is not there. Who is let in keeps the lock, unless it raises."""
    lock = FileLock(place)
    is_made = False
    try:
        if not place.exists():
            refuse_leftovers(place)
            make(place, 0, _UNDECLARED, cursor_key)
            is_made = True
        check_rights(place)
        yield lock
    except BaseException as error:
        if is_made:
            remove(place)
        lock.release(keep_note=True)
        if isinstance(error, FileExistsError):  # somebody who takes no locks was faster
            raise elsewhere(place) from error
        raise


@contextmanager
def made_at(place: Path) -> Generator[None]:
    """Lock a place where there is no file, for as long as it takes to make one."""
    lock = FileLock(place)
    try:
        if place.exists():
            raise FileExistsError(str(place))
        refuse_leftovers(place)
        yield
    except FileExistsError as error:
        raise DurableError(f"{place}: is there already: name a file that is not") from error
    finally:
        lock.release(keep_note=True)


@contextmanager
def read_alone(place: Path) -> Generator[Reading]:
    """Read a file that nobody has open. Raises `DurableError`."""
    if not place.exists():
        raise DurableError(f"{place}: does not exist")
    lock = FileLock(place)
    try:
        with closing(Reading(place, noted=lock.noted)) as reading:
            yield reading
    finally:
        lock.release(keep_note=True)
