"""Streamlit, with a record of what it writes, whom it calls and what it starts.

    WATCH=record.jsonl python watched_streamlit.py run streamlit_app.py

One line of JSON for each file opened for writing, folder made, connection begun and program run.
"""

import json
import os
import sys

from streamlit.web.cli import main

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
EVENTS = {"os.mkdir", "os.rename", "socket.connect", "subprocess.Popen", "os.posix_spawn"}
RECORD = os.open(os.environ["WATCH"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def note(event: str, arguments: tuple) -> None:
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, int) or not flags & WRITING:
            return
        told = [os.fsdecode(path)]
    elif event == "socket.connect":
        told = [str(arguments[1])]
    elif event in EVENTS:
        told = [str(arguments[0])]
    else:
        return
    os.write(RECORD, (json.dumps([event, *told]) + "\n").encode())


sys.addaudithook(note)
main(prog_name="streamlit")
