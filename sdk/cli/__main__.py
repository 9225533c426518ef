"""``python -m sdk.cli``: the command line where the script ``talkstyle`` is not on the path."""

from sdk.cli import main

main()
