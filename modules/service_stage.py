"""A stage that starts a server for the workload, waits until it answers, and leaves it running for the reading.

A copy of this file, with your own command in `SERVER`, starts a database or whatever else the workload needs. What the
stage leaves running, ergit ends when the reading is over: by SIGTERM, and after 2 s by SIGKILL.
"""

import http.client
import socket
import subprocess
import sys
import time
from typing import Any

from ergit.stages import PipelineStage

SERVER = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]  # serves the commit's tree; a port follows
WAIT_SECONDS = 20


class ServiceStage(PipelineStage):
    """Runs before the gates, so that the machine is quiet again when the window opens."""

    kind = "batch"

    def run(self, context: dict[str, Any]) -> None:
        """Tells the workload in SERVICE_URL where the server is.

        Raises:
            TimeoutError: it does not answer.
            subprocess.CalledProcessError: it has ended.
        """
        port = free_port()
        server = subprocess.Popen([*SERVER, str(port)], stdin=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + WAIT_SECONDS
        while not answers(port):
            if server.poll() is not None:
                raise subprocess.CalledProcessError(server.returncode, server.args)
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server did not answer within {WAIT_SECONDS} s")
            time.sleep(0.05)
        context["environment"]["SERVICE_URL"] = f"http://127.0.0.1:{port}"
        context["service_port"] = port


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def answers(port: int) -> bool:
    """Whether the server answers a request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def get_stage() -> PipelineStage:
    """The stage that ergit runs."""
    return ServiceStage()
