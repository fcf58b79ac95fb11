"""The fixture `instquery_double`, for whoever names this module in `pytest_plugins`.

pytest finds the plugin itself by its entry point: `_instquery_pytest`, beside the package.
"""

from _instquery_pytest import instquery_double

__all__ = ["instquery_double"]
