# SPDX-License-Identifier: BSD-2-Clause
"""Whether a service notices: gunicorn with eight threads answers requests at a third of the rate that it could;
p50 and p99 of their latencies in windows that are in turns bare and under auto."""
import os
import random
import socket
import subprocess
import sys
import time

from rig import HERE, LOAD_CPU, TOOL_CPU, Child, Failure, Giltop, family_of, half_quartiles, median
from turns import modes_of

THREADS = 8
BUSY = 0.3


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Service:
    """gunicorn, or what the standard library has."""

    def __init__(self, python):
        self.port = free_port()
        has = subprocess.run([python.exe, "-c", "import gunicorn"], capture_output=True, check=False)
        self.name = "http.server" if has.returncode else "gunicorn"
        command = {"gunicorn": [python.exe, "-m", "gunicorn", "-w", "1", "--threads", str(THREADS), "-b",
                                "127.0.0.1:%d" % self.port, "--keep-alive", "75", "--log-level", "error",
                                "service_app:app"],
                   "http.server": python.command("service_app.py") + [str(self.port)]}[self.name]
        self.process = subprocess.Popen(command, cwd=HERE, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL,
                                        env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"),
                                        preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CPU}))
        try:
            self.await_answer()
        except Failure:
            self.close()
            raise

    def await_answer(self):
        for _ in range(200):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failure("%s does not answer" % self.name)

    def pid(self):
        """Of the worker, once there have been answers."""
        return family_of(self.process.pid)[-1]

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def ask(client, rate, seconds):
    return [int(word) for word in client.ask("%g %g" % (rate, seconds))[1:-1].split(",") if word]


def windows(args, plan, service, client, mode):
    """[(p50, p99)] in ns of each, pairs of windows in a random order, and the rate of the requests."""
    ask(client, 0, 0.5)
    full = len(ask(client, 0, 2)) / 2
    name, options = mode
    took = {"bare": [], name: []}
    for _ in range(plan.window_pairs):
        for who in random.sample(list(took), 2):
            giltop = Giltop(args.giltop, service.pid(), options) if who != "bare" else None
            try:
                ask(client, full * BUSY, 0.5)  # attached, and settled
                values = ask(client, full * BUSY, plan.window_s)
                took[who].append((quantile(values, 0.5), quantile(values, 0.99)))
            finally:
                if giltop:
                    giltop.stop()
    return took, full * BUSY


def measure_service(args, plan, python, report):
    report.section = "service"
    mode = modes_of(args)[-1]  # auto, if there is one
    service = Service(python)
    try:
        client = Child([sys.executable, os.path.join(HERE, "http_load.py"), str(service.port)], TOOL_CPU)
        try:
            took, rate = windows(args, plan, service, client, mode)
        finally:
            client.close()
    finally:
        service.close()
    row = {"service": service.name, "threads": THREADS, "rate": rate, "busy": BUSY, "mode": mode[0],
           "windows": 2 * plan.window_pairs, "seconds": plan.window_s}
    report.figure("requests, %s with %d threads" % (service.name, THREADS), rate, "1/s")
    for which, text in enumerate(("p50", "p99")):
        bare, ours = ([value[which] for value in took[who]] for who in ("bare", mode[0]))
        ratios = [b / a for a, b in zip(bare, ours)]
        # Twice what the median of so many windows may be off.
        noise = 2 * (half_quartiles(ratios) or 0) / len(ratios) ** 0.5
        report.figure("%s, bare" % text, median(bare) / 1e6, "ms", None, half_quartiles(bare) / median(bare))
        report.figure("%s, %s / bare" % (text, mode[0]), median(ratios), "x", 1 + noise,
                      half_quartiles(ratios) / median(ratios))
        row[text] = {"bare_ns": median(bare), "ratio": median(ratios), "noise": noise,
                     "bare_spread": half_quartiles(bare) / median(bare)}
    report.data["service"] = row
