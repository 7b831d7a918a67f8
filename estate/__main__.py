"""``python -m estate``, where the command itself is not on the path."""

from estate.cli import main

if __name__ == "__main__":
    main()
