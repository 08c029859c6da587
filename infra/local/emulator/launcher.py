"""Starts MiniStack with what the local stage needs changed. Run by index.ts, never by hand.

1. A Lambda that logs nothing is answered at once: MiniStack waits 50 ms for a first log line.
2. POST /_goldsmith/save writes the whole state to STATE_DIR without a shutdown.
3. When standard input closes (the parent is gone, however it died) the emulator stops gracefully.
4. Lambda processes never outlive the emulator.
"""

import functools
import json
import os
import signal
import sys
import threading

import ministack.app as emulator
from hypercorn.config import Config
from ministack.core.lambda_runtime import Worker
from ministack.core.persistence import save_all

# The handler's answer comes over stdout and its log over stderr, so the last lines may be a moment
# behind: 2 ms is enough for a pipe on one machine; a line that comes later goes with the next call.
Worker._drain_stderr_bounded = functools.partialmethod(
    Worker._drain_stderr_bounded, first_line_wait=0.002, idle_confirm=0.002
)

# Open WebSockets would hold a shutdown back for Hypercorn's 3 s.
Config.graceful_timeout = 0.5

serve_aws = emulator.app


async def serve(scope, receive, send):
    """The emulator's application with the save route in front of it."""
    if scope["type"] != "http" or scope["path"] != "/_goldsmith/save" or scope["method"] != "POST":
        await serve_aws(scope, receive, send)
        return
    save_all(emulator._build_persistence_save_dict())
    body = json.dumps({"stateDir": os.environ.get("STATE_DIR", "")}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def stop_with_parent():
    """Waits for the end of standard input, which the parent holds open, and asks for a shutdown."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def end_lambda_processes():
    """Ends whatever is left of the emulator's own process group."""
    if os.getpgrp() == os.getpid():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(os.getpid(), signal.SIGTERM)


emulator.app = serve
sys.argv = ["ministack"]
threading.Thread(target=stop_with_parent, daemon=True, name="parent-watch").start()
try:
    emulator.main()
finally:
    end_lambda_processes()
