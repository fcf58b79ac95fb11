"""Run the command line as `python -m instquery.cli`."""

from instquery.cli import main

main()
