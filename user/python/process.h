/* SPDX-License-Identifier: BSD-2-Clause */
/* process.h - look into the memory of a running CPython: interpreters, GILs, threads
 *
 * All reading is process_vm_readv(2): nothing is stopped and nothing is written, so everything read
 * may be torn or gone. Lists are walked with bounds and back pointers are checked.
 */
#ifndef GILTOP_PYTHON_PROCESS_H
#define GILTOP_PYTHON_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "user/python/runtime.h"

struct py_process;
struct py_guests;
struct py_code;
struct py_walk;

struct py_interp {
	uint64_t addr;
	int64_t id;   /* 0: the main interpreter */
	uint64_t gil; /* its GIL, maybe shared with others; 0: not there yet */
};

struct py_gil {
	uint64_t addr;
	int64_t interp_id; /* of the (first) interpreter that uses it */
	bool enabled;	   /* false: free-threaded and running without it */
};

struct py_gil_state {
	bool created, locked, enabled;
	uint64_t
		holder_tstate; /* last_holder: holds it if locked, else who held it last (maybe freed) */
	uint32_t holder_tid; /* as in /proc; 0: not locked, or not known */
	uint64_t switch_number;
	uint64_t interval_us; /* sys.getswitchinterval() */
};

/* A kernel thread that runs several interpreters appears once for each, the main interpreter's first. */
struct py_thread {
	uint64_t tstate;
	uint64_t ident; /* threading.get_ident() */
	uint32_t tid;	/* as in /proc (not as the target's pid namespace has it); 0: not known */
	int64_t interp_id; /* of the interpreter */
};

/* Open a process whose CPython (of the mapped ELF file) is rt, load_bias = run-time address minus
 * address in the file. rt is copied. Returns NULL + errno: ENOMEM.
 */
struct py_process *py_process__new(pid_t pid, const struct py_runtime *rt, uint64_t load_bias);
void py_process__free(struct py_process *p);

/* A worker that reads the memory of processes: it may block (user/base/worker.h). NULL: no memory. */
struct py_guests *py_guests__new(void);
void py_guests__free(struct py_guests *g);
uint64_t py_guests__lost_cnt(const struct py_guests *g); /* how often it had to be given up */
uint64_t py_guests__cpu_ns(const struct py_guests *g);	 /* CPU time that it has taken */
/* Whatever reads its memory from now on is done by that worker; g must outlive p. Then all that reads may also return
 * -ETIMEDOUT: a page does not come, or did not lately; -EINTR: giltop is to end.
 */
void py_process__by(struct py_process *p, struct py_guests *g);
/* Its process is over: nobody is asked about it any more. */
void py_process__has_ended(struct py_process *p);
/* Is it left alone for a while, for its memory did not come? */
bool py_process__is_silent(const struct py_process *p);

pid_t py_process__pid(const struct py_process *p);
const struct py_runtime *py_process__runtime(const struct py_process *p);
uint64_t py_process__code_type(const struct py_process *p); /* address of PyCode_Type; 0: unknown */

/* Does memory look as the layout says? 0; -EAGAIN: the interpreter is not up yet; -ENOTSUP: it does not fit (why says
 * what), or was torn: look again; -EPERM; -ESRCH: gone, or another program by now. Of the threads' ids it says nothing:
 * a forked child has its parent's for a while.
 */
int py_process__check(struct py_process *p, char *why, size_t why_sz);

/* Copy len bytes of its memory: 0, or -EFAULT (not all readable), -EPERM, -ESRCH. */
int py_process__read(const struct py_process *p, uint64_t addr, void *dst, size_t len);
int py_process__read_ptr(const struct py_process *p, uint64_t addr, uint64_t *ret);

/* Lists: count or -errno; the caller frees *ret with free(). A list that changes while it is walked
 * comes out short, never endless.
 */
ssize_t py_process__interps(struct py_process *p, struct py_interp **ret);
ssize_t py_process__gils(struct py_process *p, struct py_gil **ret);
ssize_t py_process__threads(struct py_process *p, struct py_thread **ret);
/* Of the newest threads those with these n tids: for who looks again and again among thousands. All that are sought and
 * have begun lately are in it, others may be.
 */
ssize_t py_process__newest(struct py_process *p, const uint32_t *tids, size_t n,
			   struct py_thread **ret);

/* Where a PyThreadState says which kernel thread it is, as bpf/pylayout.h has it; where that is not found out, 0: before its
 * interpreter is up, maybe.
 */
void py_process__find_tid(struct py_process *p, struct py_layout *ret);

int py_process__gil_state(struct py_process *p, uint64_t gil, struct py_gil_state *ret);
/* Does it run without any GIL now? Free-threaded builds may; an extension module can switch it on later.
 * 1: yes, 0: no, -errno: not known (-EAGAIN: the interpreter is not up yet).
 */
int py_process__gil_is_off(struct py_process *p);

/* Walk a thread's Python stack, as the BPF program does. out is large (4 KiB). Meaningful for threads
 * that do not run meanwhile; else it may be torn, which out->stack.end tells.
 */
void py_process__walk(const struct py_process *p, uint64_t tstate, struct py_walk *out);

/* The code object at this address, if it is the one of this id: 0, or -EFAULT. (code.c) */
int py_process__code(const struct py_process *p, uint64_t addr, uint64_t id, struct py_code *ret);
/* The id of what is there; something at least, if nothing is. */
uint64_t py_process__code_id(const struct py_process *p, uint64_t addr);

#endif
