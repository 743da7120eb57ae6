# SPDX-License-Identifier: BSD-2-Clause
"""What the servers of tests/e2e/servers.bats run: work whose touches of the GIL are known, and counted.

A unit of work lets go of the GIL and takes it again TOUCHES times; a unit that is done is one byte more in a file of its
process, COUNTS/PID, so that nothing is lost with a worker that is killed. STUCK: the first process that finds this file
renames it to STUCK.PID, and has a thread from then on that holds the GIL for 0.7 s at a time.

As a WSGI application (app), as Celery's (tasks: its broker is the folder BROKER; served.py feed STOP gives it tasks until the
file STOP is there), and alone: served.py pool fork|spawn|forkserver WORKERS LIFE, a multiprocessing.Pool whose workers end
after LIFE tasks each and are replaced.
"""

import ctypes
import multiprocessing
import os
import sys
import threading
import time

TOUCHES = 200
COUNTS = os.environ["COUNTS"]
STUCK = os.environ.get("STUCK")


def hold_on():
    native = ctypes.PyDLL(None)
    while True:
        native.usleep(700000)
        time.sleep(0.01)


def be_stuck():
    try:
        os.rename(STUCK, "%s.%d" % (STUCK, os.getpid()))
    except FileNotFoundError:
        return
    threading.Thread(target=hold_on, name="stuck", daemon=True).start()


def work():
    if STUCK:
        be_stuck()
    for _ in range(TOUCHES):
        time.sleep(0)
    fd = os.open("%s/%d" % (COUNTS, os.getpid()), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, b".")
    os.close(fd)


def work_twice(_=None):
    """By two threads, which want the GIL at the same time."""
    other = threading.Thread(target=work)
    other.start()
    work()
    other.join()


def app(_environ, start_response):
    work()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"ok\n"]


application = app

if os.environ.get("BROKER"):
    import celery

    tasks = celery.Celery("served", broker="filesystem://")
    tasks.conf.update(
        broker_transport_options={"data_folder_in": os.environ["BROKER"], "data_folder_out": os.environ["BROKER"],
                                  "polling_interval": 0.01},
        worker_enable_remote_control=False, task_ignore_result=True, task_acks_late=False)
    tasks.task(work_twice, name="work_twice")


def feed(stop):
    """Each message comes whole: who reads the broker's files may be faster than who writes them."""
    broker, sent = os.environ["BROKER"], os.environ["BROKER"] + ".sent"
    tasks.conf.broker_transport_options = {"data_folder_in": sent, "data_folder_out": sent}
    while not os.path.exists(stop):
        for _ in range(max(0, 60 - len(os.listdir(broker)))):
            tasks.send_task("work_twice")
        for name in os.listdir(sent):
            os.rename("%s/%s" % (sent, name), "%s/%s" % (broker, name))
        time.sleep(0.02)


def pool(start, workers, life):
    context = multiprocessing.get_context(start)
    with context.Pool(workers, maxtasksperchild=life) as p:
        print("ready", flush=True)
        while True:
            p.map(work_twice, range(2 * workers), chunksize=1)


if __name__ == "__main__":
    if sys.argv[1] == "pool":
        pool(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        feed(sys.argv[2])
