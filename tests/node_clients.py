"""The official Node clients, unmodified, in one process that is asked again and again."""

import json
import subprocess
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

HERE = Path(__file__).parent / "node"
PACKAGE = HERE / "package.json"

_PATIENCE = 120  # seconds for all answers to what is asked at once


class NodeClients:
    """A process of Node with the clients that `folder` holds; to be used as a context manager."""

    def __init__(self, folder):
        command = ["node", str(HERE / "ask.js"), str(folder)]
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, asked):
        """Ask one after the other; return what each client made of its answer."""
        with self._ended_when_late():
            self._process.stdin.write("".join(json.dumps(each) + "\n" for each in asked))
            self._process.stdin.flush()
            return [json.loads(self._process.stdout.readline()) for _ in asked]

    @contextmanager
    def _ended_when_late(self):
        """End the process where an answer does not come, so that nobody waits for ever."""
        timer = Timer(_PATIENCE, self._process.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self._process:
            self._process.kill()
