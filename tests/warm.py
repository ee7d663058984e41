"""An interpreter that starts with torch imported, as most of a tiny job is the import of torch.

`executable()` returns a client that hands its command to a server of this test process, which forks for it. It
passes signals on, ends as the command ends, and takes the command with it where it is killed. OPENWORLD3D_COLD in its
environment lets it start as Python does anywhere else.
"""

from __future__ import annotations

import array
import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Callable

PRELOADED = (
    *("torch", "torch.utils.tensorboard", "numpy", "scipy.spatial", "scipy.special", "scipy.stats", "pandas"),
    *("sklearn", "matplotlib.pyplot", "matplotlib.backends.backend_pdf", "matplotlib.backends.backend_svg"),
    *("fontTools.subset", "plyfile", "laspy"),
)
NO_GPU = {"CUDA_VISIBLE_DEVICES": ""}  # of jobs and of who forks for them: it may not change once torch is imported
SERVERS: list[subprocess.Popen[bytes]] = []  # that live as long as this process
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CLIENT = """#!{python} -IS
import sys
sys.path.append({here!r})
import os
if sys.argv[1:] and (sys.argv[1] == "-c" or sys.argv[1][:1] != "-") and "OPENWORLD3D_COLD" not in os.environ:
    import warm
    warm.ask({socket!r}, sys.argv[1:])
os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""


@lru_cache(maxsize=1)
def executable() -> Path:
    """Start the server of this process and return its client, or before Python 3.9 the running interpreter."""
    if not hasattr(os, "pidfd_open"):
        return Path(sys.executable)
    folder = Path(tempfile.mkdtemp(prefix="warm"))
    place, client = folder / "socket", folder / "python"
    names = {"python": sys.executable, "here": str(Path(__file__).parent), "socket": str(place)}
    client.write_text(CLIENT.format(**names))
    client.chmod(0o755)
    command = [sys.executable, __file__, str(place)]
    pipe, variables = subprocess.PIPE, {**os.environ, **NO_GPU}
    server = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=variables)  # ends with its standard input
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    SERVERS.append(server)
    return client


def ask(place: str, arguments: list[str]) -> None:
    """Run a command in the server at a socket, and end as it ends."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(place)
        asked = json.dumps([arguments, str(Path.cwd()), {**NO_GPU, **os.environ}]).encode(errors="surrogateescape")
        server.sendmsg([b"%16d" % len(asked)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
        server.sendall(asked)
        process = int(server.recv(16))
        for number in PASSED_ON:
            signal.signal(number, lambda received, frame: os.killpg(process, received))
        status = int(server.recv(16))
    if status < 0:
        with suppress(OSError):  # SIGKILL has no other
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def serve(place: str) -> None:
    """Import what takes long, then fork for each command, until standard input ends."""
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for who waits for a command
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(place)
        server.listen(16)
        print("ready", flush=True)
        while True:
            readable, _, _ = select.select([server, sys.stdin], [], [])
            if sys.stdin in readable:
                return
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                return handle(connection)
            connection.close()


def handle(client: socket.socket) -> None:
    """Fork once more: one process runs the command, the other tells the client its end, or kills it without one."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, streams, _, _ = socket.recv_fds(client, 16, 3)
    asked = b""
    while len(asked) < int(length):
        asked += client.recv(1 << 20)
    process = os.fork()
    if process == 0:
        client.close()
        return run(streams, *json.loads(asked))
    for stream in (*streams, 0, 1, 2):
        os.close(stream)
    os.setpgid(process, process)
    client.sendall(b"%16d" % process)
    ended = os.pidfd_open(process)
    readable, _, _ = select.select([client.fileno(), ended], [], [])
    if ended not in readable:
        os.killpg(process, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if ended in readable:
        client.sendall(b"%16d" % status)
    os._exit(0)


def run(streams: list[int], arguments: list[str], folder: str, variables: dict[str, str]) -> None:
    """Become what `python ARGUMENTS` would be."""
    os.setpgid(0, 0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    importlib.import_module("torch").set_num_threads(int(variables.get("OMP_NUM_THREADS", 1)))
    sys.executable = str(Path(sys.argv[1]).with_name("python"))
    sys.dont_write_bytecode = bool(variables.get("PYTHONDONTWRITEBYTECODE"))
    is_code = arguments[0] == "-c"
    first = "" if is_code else str(Path(arguments[0]).parent.resolve())
    sys.path[:1] = [first, *filter(None, variables.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = ["-c", *arguments[2:]] if is_code else arguments
    os._exit(status_of(lambda: exec(arguments[1], {"__name__": "__main__"}) if is_code else run_script(arguments[0])))


def run_script(file: str) -> None:
    """Run a file as the interpreter would."""
    runpy.run_path(file, run_name="__main__")


def status_of(call: Callable[[], None]) -> int:
    """Return the exit status of a program; to take torch apart after it takes half a second."""
    status = 0
    try:
        call()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    serve(sys.argv[1])
