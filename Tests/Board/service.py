"""The daemon on the board, as curl speaks to it there."""

import json
import time

SOCKET = "/run/inkstone/inkstone.sock"
CURL = f"curl -sS --max-time 60 --unix-socket {SOCKET}"
ENDED = ("done", "failed", "cancelled")


def accept_command(request):
    """Gives a job and prints the answer's status behind its body."""
    body = json.dumps(request)
    return (
        f"{CURL} -H 'Content-Type: application/json' -w '\\n%{{http_code}}' -d '{body}'"
        " http://x/v1/jobs"
    )


def read_answer(output):
    """(status, body) of what `accept_command` printed; (0, {}) where there was no answer."""
    body, _, status = output.rpartition("\n")
    try:
        return int(status), json.loads(body)
    except ValueError:
        return 0, {"said": output}


class Service:
    def __init__(self, board, user="alice"):
        self.board, self.user = board, user

    def accept(self, request):
        return read_answer(self.board.run(accept_command(request), self.user)[1])

    def job(self, identifier):
        return json.loads(self.board.said(f"{CURL} http://x/v1/jobs/{identifier}", self.user))

    def jobs(self):
        listed = self.board.said(f"{CURL} 'http://x/v1/jobs?limit=1000'", self.user)
        return json.loads(listed)["jobs"]

    def ended(self, identifier, seconds=300):
        """The job when it has ended."""
        until = time.monotonic() + seconds
        while True:
            job = self.job(identifier)
            if job["state"] in ENDED:
                return job
            if time.monotonic() > until:
                raise TimeoutError(f"job {identifier} is still {job['state']}")
            time.sleep(2)  # each look costs the board a process

    def digest(self, identifier):
        """SHA-256 of the job's picture."""
        address = f"http://x/v1/jobs/{identifier}/images/0"
        return self.board.said(f"{CURL} {address} | sha256sum", self.user).split()[0]

    def resident(self):
        """Bytes of memory that the daemon holds, 0 where it does not run."""
        line = self.board.run("grep VmRSS /proc/$(pidof inkstone)/status")[1].split()
        return int(line[1]) * 1024 if len(line) == 3 else 0
