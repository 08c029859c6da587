"""Starts MiniStack with what the local stage needs changed. Run by index.ts, never by hand.

1. A Lambda that logs nothing is answered at once: MiniStack waits 50 ms for a first log line.
2. A Lambda call above the process limit waits for its turn, first come first served. MiniStack refuses it, and counts that as a
   failed attempt of an asynchronous call (AWS queues those for hours), so a burst would lose work.
3. DynamoDB streams outlive a restart. MiniStack saves how far each event source mapping has read, but not
   the stream: after a restart the mappings would be deaf until as many records have been written anew.
4. POST /_goldsmith/save writes the whole state to STATE_DIR without a shutdown. GET /_goldsmith/activity says how
   many requests there have been and how many executions of Step Functions are under way: when a save is worth it.
5. When standard input closes (the parent is gone, however it died) the emulator stops gracefully.
6. Lambda processes never outlive the emulator.
7. CloudFormation answers a change of a stack when it is made (it takes half a second). The CDK's command line
   looks at once, and then only every 5 s.
"""

import asyncio
import collections
import contextvars
import functools
import json
import os
import signal
import sys
import threading
import time

import ministack.app as emulator
from hypercorn.config import Config
from ministack.core.lambda_runtime import Worker
from ministack.core.persistence import save_all
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudformation, dynamodb, lambda_svc, stepfunctions
from ministack.services.cloudformation import changesets, handlers, stacks

# Seconds a Lambda call waits for a process before it is throttled as MiniStack does; below the 29 s
# after which an API's client gives up on AWS.
SLOT_WAIT = 25.0

# Records of each stream that are saved: more than any mapping lags behind at a shutdown.
SAVED_RECORDS = 1000

# Seconds that a change of a stack may hold its answer back; it goes on behind the answer.
STACK_WAIT = 60.0

# Open WebSockets would hold a shutdown back for Hypercorn's 3 s.
Config.graceful_timeout = 0.5

# The handler's answer comes over stdout and its log over stderr, so the last lines may be a moment
# behind: 2 ms is enough for a pipe on one machine; a line that comes later goes with the next call.
Worker._drain_stderr_bounded = functools.partialmethod(
    Worker._drain_stderr_bounded, first_line_wait=0.002, idle_confirm=0.002
)

# Read at import, and of no business to the functions, which inherit this environment.
os.environ.pop("LOG_LEVEL", None)

acquire_slot = lambda_svc._acquire_execution_slot
release_slot = lambda_svc._release_execution_slot
slot_freed = threading.Condition()
waiting = collections.deque()


def acquire_slot_in_turn(func, config):
    """MiniStack's own acquisition, in the order of coming, so that in a long burst nobody waits in vain."""
    deadline = time.monotonic() + SLOT_WAIT
    turn = object()
    with slot_freed:
        waiting.append(turn)
        try:
            while True:
                is_first = waiting[0] is turn
                slot, limit = acquire_slot(func, config) if is_first else (None, "account")
                left = deadline - time.monotonic()
                if slot is not None or left <= 0:
                    return slot, limit
                slot_freed.wait(left)
        finally:
            waiting.remove(turn)
            slot_freed.notify_all()


def release_slot_and_tell(key):
    """Releases a slot and wakes the calls that wait for one."""
    with slot_freed:
        release_slot(key)
        slot_freed.notify_all()


lambda_svc._acquire_execution_slot = acquire_slot_in_turn
lambda_svc._release_execution_slot = release_slot_and_tell

get_tables = dynamodb.get_state
load_tables = dynamodb.load_persisted_state


def get_tables_and_streams():
    """DynamoDB's state with the newest records of each stream and the number of those before them."""
    records, trimmed = AccountRegionScopedDict(), AccountRegionScopedDict()
    for key, stream in list(dynamodb._stream_records._data.items()):
        kept = stream[-SAVED_RECORDS:]
        records._data[key] = kept
        trimmed._data[key] = dynamodb._stream_trimmed._data.get(key, 0) + len(stream) - len(kept)
    return {**get_tables(), "goldsmith_streams": {"records": records, "trimmed": trimmed}}


def load_tables_and_streams(data):
    """Restores the streams at the positions that the event source mappings know."""
    load_tables(data)
    streams = data.get("goldsmith_streams")
    if streams:
        dynamodb._stream_records._data.update(streams["records"]._data)
        dynamodb._stream_trimmed._data.update(streams["trimmed"]._data)


dynamodb.get_state = get_tables_and_streams
dynamodb.load_persisted_state = load_tables_and_streams

# What the request at hand has begun to do to stacks.
stack_changes = contextvars.ContextVar("stack_changes")
answer_cloudformation = cloudformation.handle_request


def begin_stack_change(change, stack, stack_id=None):
    """MiniStack's own start of a change, which is remembered."""
    with stacks._stack_region_context(stack, stack_id):
        task = asyncio.get_event_loop().create_task(change)
    stack_changes.get([]).append(task)


async def answer_after_stack_change(*request):
    """MiniStack's own answer, once what the request began is done."""
    begun = []
    stack_changes.set(begun)
    answer = await answer_cloudformation(*request)
    if begun:
        await asyncio.wait(begun, timeout=STACK_WAIT)
    return answer


for module in (changesets, handlers, stacks):
    module._create_stack_task_in_region = begin_stack_change
cloudformation.handle_request = answer_after_stack_change

serve_aws = emulator.app


requests_served = 0


def save_state():
    """Writes everything to STATE_DIR."""
    save_all(emulator._build_persistence_save_dict())
    return {"stateDir": os.environ.get("STATE_DIR", "")}


def tell_activity():
    """How busy the emulator is."""
    executions = [each for _key, each in stepfunctions._executions.all_items()]
    running = sum(1 for each in executions if each.get("status") == "RUNNING")
    return {"requests": requests_served, "executions": running}


own_routes = {
    ("POST", "/_goldsmith/save"): save_state,
    ("GET", "/_goldsmith/activity"): tell_activity,
}


async def serve(scope, receive, send):
    """The emulator's application with routes of our own in front of it."""
    global requests_served
    route = own_routes.get((scope.get("method"), scope.get("path")))
    if route is None:
        requests_served += 1
        await serve_aws(scope, receive, send)
        return
    body = json.dumps(route()).encode()
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
