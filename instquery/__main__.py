"""Run the command line as `python -m instquery`."""

from instquery.cli import main

main()
