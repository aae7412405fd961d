"""`python -m harken.engine.cli` is `harken`."""

from .command_line import main

if __name__ == "__main__":
    main()
