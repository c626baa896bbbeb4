"""Put first on the path of a server: notes each file it opens and each host it wants to reach.

Python imports it at its start, in the workers too. What is noted are Python's own audit events, so
nothing that the process does with sockets or files goes past it.
"""

import os
import sys

ASKED = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")
NOTES = os.environ.get("ATLASMIX_TEST_NOTES", "")
WATCHED = os.environ.get("ATLASMIX_TEST_WATCHED", "\0")


def note(event: str, arguments: tuple[object, ...]) -> None:
    """Append what matters to the file of notes."""
    if event in ASKED:
        words = f"{event} {arguments[1:] if event in ASKED[:2] else arguments}"
    elif event == "open" and WATCHED in str(arguments[0]):
        words = f"open {arguments[0]}"
    else:
        return
    os.write(HANDLE, f"{words}\n".encode())


if NOTES:
    HANDLE = os.open(NOTES, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sys.addaudithook(note)
