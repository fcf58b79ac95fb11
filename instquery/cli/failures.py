"""What commands say where they fail: a line on standard error that begins with `error:`.

Exit codes: 1 where an API refuses a request, 2 where the input cannot be used.
"""

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, runtime_checkable

import typer
from typer.core import TyperGroup

from instquery.apis.inventory import InventoryError
from instquery.cli.show import OUTPUT, errors, plain, plain_lines
from instquery.errors import InstqueryError

__all__ = ["REFUSED", "UNUSABLE", "Commands", "about", "say", "usage_errors", "warn"]

REFUSED = 1
"""The exit code where the API refuses a request."""

UNUSABLE = 2
"""The exit code where the input cannot be used."""

_INTERRUPTED = 130


@runtime_checkable
class _Told(Protocol):
    """An error of how a command is called.

    Typer brings a copy of click from 0.26 on, and uses click before: the classes are not the same.
    """

    exit_code: int

    def format_message(self) -> str: ...


class Commands(TyperGroup):
    """The commands, which say on one line what is wrong with how they are called."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - as in click
        windows_expand_args: bool = True,  # noqa: FBT001, FBT002
        **extra: Any,
    ) -> Any:
        """Run a command; unless it is a part of another program, end with its exit code."""
        options = {"windows_expand_args": windows_expand_args, **extra}
        run = partial(super().main, args, prog_name, complete_var, standalone_mode=False, **options)
        if not standalone_mode:
            return run()

        try:
            ended = run()
        except typer.Abort as aborted:
            was_interrupted = isinstance(aborted.__cause__, KeyboardInterrupt)
            ended = _INTERRUPTED if was_interrupted else REFUSED
        except OSError as error:  # whoever reads may stop, but is to know what was lost
            error.filename = error.filename or OUTPUT
            say(_message(error))
            ended = UNUSABLE
        except InstqueryError as error:
            say(_message(error))
            ended = UNUSABLE
        except Exception as error:
            if not isinstance(error, _Told):
                raise
            _say_usage(error)
            ended = error.exit_code
        sys.exit(ended if isinstance(ended, int) else 0)


def _say_usage(error: _Told) -> None:
    """Say what is wrong with how a command was called, and where its help is."""
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":  # which has printed the help, if it is rich
        if message:
            errors.print(message, markup=False, soft_wrap=True)
        return

    say(message)
    context = getattr(error, "ctx", None)
    if context is not None:
        errors.print(f"Try '{context.command_path} --help' for help.", markup=False, soft_wrap=True)


def say(message: object) -> None:
    """Say an error."""
    errors.print(f"error: {plain_lines(message)}", style="red", markup=False, soft_wrap=True)


def warn(message: object) -> None:
    """Say what may not be meant, where the command goes on."""
    errors.print(f"warning: {plain_lines(message)}", style="yellow", markup=False, soft_wrap=True)


@contextmanager
def usage_errors() -> Generator[None]:
    """End with exit code 2 and a message, not a traceback, where the input cannot be used."""
    try:
        yield
    except BrokenPipeError:  # whoever reads the output has read enough
        raise
    except (OSError, InstqueryError, ValueError) as error:
        say(_message(error))
        raise typer.Exit(UNUSABLE) from None


@contextmanager
def about(option: str) -> Generator[None]:
    """Name the option, as it was typed, in what is wrong with its value."""
    try:
        yield
    except InstqueryError as error:
        raise InstqueryError(str(error), field=option) from None
    except OSError as error:
        raise InstqueryError(_message(error), field=option) from None
    except ValueError as error:
        raise InstqueryError(str(error), field=option) from None


def _message(error: Exception) -> str:
    """Say in words what an error is about."""
    if isinstance(error, InventoryError):
        are = "is 1 bad record" if error.count == 1 else f"are {error.count:,} bad records"
        it = "it" if error.count == 1 else "them"
        return f"there {are} (--skip-bad leaves {it} out):\n{error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{plain(error.filename)}: {error.strerror}" if error.filename else error.strerror
    return str(error)
