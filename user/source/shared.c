/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/shared.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "user/base/log.h"
#include "user/base/util.h"
#include "user/probe/probe.h"
#include "user/source/collector_impl.h"

/* A file's probes stay for so long after its last process; where there are many files, for less. */
#define IDLE_NS	     600000000000ull
#define IDLE_MANY_NS 10000000000ull
#define MANY	     (GT_FILES / 2)
/* Programs of which nobody knows what they are, that have ended unseen: so many different ones are counted. */
#define UNSEEN_MAX 1024

struct shared_file *shared__by_no(struct collector *c, uint32_t no)
{
	return no && no <= c->shared.cnt ? c->shared.files[no - 1] : NULL;
}

static struct shared_file *find(struct collector *c, const struct target *t)
{
	for (size_t i = 0; i < c->shared.cnt; i++) {
		struct shared_file *f = c->shared.files[i];

		if (f && f->sites == t->sites && f->dev == t->dev && f->ino == t->ino)
			return f;
	}
	return NULL;
}

/* The name by which it is opened is of one process, which may have ended: then by that which it has in the file system. */
static struct probe_attachment *probe_it(struct collector *c, struct probe_share *how,
					 const struct target *t)
{
	struct probe_attachment *att;

	how->path = t->open_path;
	att = probe__share(c->probe, how);
	if (att || (errno != ENOENT && errno != ESRCH))
		return att;
	how->path = t->runtime;
	how->dev = t->dev;
	how->ino = t->ino;
	return probe__share(c->probe, how);
}

static void say_exact(struct collector *c, const struct shared_file *f)
{
	bool wanted = c->opts.mode != COLLECT_AUTO || !c->opts.max_overhead_pct;

	if (wanted && c->opts.say_share)
		pr_info("exact mode for more than a few: every process that runs %s pays some "
			"%.1f us each time that it takes the GIL, measured or not\n",
			f->runtime, 2e-3 * (double)probe__price_ns(c->probe));
	else
		pr_verb("%s: probed exactly, for every process that runs it\n", f->runtime);
}

static void share(struct collector *c, struct shared_file *f, const struct target *t,
		  const struct py_layout *layout)
{
	struct py_layout same = *layout;
	struct probe_share how = { .no = f->no, .sites = t->sites, .layout = &same };

	/* Addresses, where it is not loaded at the same one each time; and what a pid namespace makes of a tid. */
	if (t->bias)
		same.code_type = same.gc_base = 0;
	same.tstate_tid &= ~PY_TID_INNER;
	f->exact = c->opts.mode == COLLECT_EXACT || !probe__has_light(t->sites) ||
		   (c->opts.mode == COLLECT_AUTO && !c->opts.max_overhead_pct);
	how.exact = f->exact;
	f->att = probe_it(c, &how, t);
	f->since_ns = now_ns();
	if (!f->att)
		pr_verb("%s: cannot be probed for all of its processes: %s\n", f->runtime,
			errstr(errno));
	else if (f->exact)
		say_exact(c, f);
}

static void fill(struct collector *c, struct shared_file *f, const struct target *t,
		 const struct py_layout *layout)
{
	f->dev = t->dev;
	f->ino = t->ino;
	f->sites = t->sites;
	f->py = t->py;
	snprintf(f->runtime, sizeof(f->runtime), "%s", t->runtime);
	share(c, f, t, layout);
}

static bool is_run(const struct collector *c, const struct shared_file *f)
{
	for (size_t i = 0; i < c->live_cnt; i++)
		if (c->live[i].file == f)
			return true;
	return false;
}

static void let_go(struct collector *c, struct shared_file *f)
{
	struct shared *s = &c->shared;
	size_t kept = 0;

	probe__unshare(c->probe, f->no);
	probe__detach(c->probe, f->att);
	/* What has that number later is another file. */
	for (size_t i = 0; i < s->exe_cnt; i++)
		if (s->exes[i].file != f)
			s->exes[kept++] = s->exes[i];
	s->exe_cnt = kept;
	s->files[f->no - 1] = NULL;
	free(f);
}

/* The one whose last process was longest ago, and at least that long; NULL. */
static struct shared_file *longest_idle(const struct collector *c, uint64_t ns)
{
	struct shared_file *ret = NULL;
	uint64_t now = now_ns();

	for (size_t i = 0; i < c->shared.cnt; i++) {
		struct shared_file *f = c->shared.files[i];

		if (f && now - f->used_ns >= ns && !is_run(c, f) &&
		    (!ret || f->used_ns < ret->used_ns))
			ret = f;
	}
	return ret;
}

static size_t in_use(const struct shared *s)
{
	size_t cnt = 0;

	for (size_t i = 0; i < s->cnt; i++)
		cnt += s->files[i] != NULL;
	return cnt;
}

void shared__let_go_idle(struct collector *c)
{
	struct shared_file *f;

	for (size_t i = 0; i < c->shared.cnt; i++)
		if (c->shared.files[i] && is_run(c, c->shared.files[i]))
			c->shared.files[i]->used_ns = now_ns();
	f = longest_idle(c, in_use(&c->shared) > MANY ? IDLE_MANY_NS : IDLE_NS);
	if (f)
		let_go(c, f);
}

/* A place for one more. NULL: there is none, or no memory. */
static struct shared_file *make(struct collector *c)
{
	struct shared *s = &c->shared;
	struct shared_file *f;
	size_t at = 0;

	if (s->cnt == ARRAY_SIZE(s->files)) {
		f = longest_idle(c, 0);
		if (f && in_use(s) == s->cnt)
			let_go(c, f);
	}
	while (at < s->cnt && s->files[at])
		at++;
	if (at == ARRAY_SIZE(s->files))
		return NULL;
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	s->files[at] = f;
	s->cnt += at == s->cnt;
	f->no = (uint32_t)at + 1;
	return f;
}

struct shared_file *shared__of(struct collector *c, const struct target *t,
			       const struct py_layout *layout)
{
	struct shared_file *f;

	if (!c->opts.share || !probe__can_share() ||
	    (c->opts.mode == COLLECT_LIGHT && !probe__has_light(t->sites)))
		return NULL;
	f = find(c, t);
	if (!f) {
		f = make(c);
		if (f)
			fill(c, f, t, layout);
	}
	if (!f || !f->att)
		return NULL;
	f->used_ns = now_ns();
	return f;
}

bool shared__has_room(const struct collector *c, const struct shared_file *f)
{
	size_t cnt = 0;

	for (size_t i = 0; i < c->live_cnt; i++)
		cnt += c->live[i].file == f && modes__has_own_exact(&c->live[i]);
	return cnt < SHARED_EXACT_MAX;
}

static bool same_exe(const struct exe_id *a, const struct exe_id *b)
{
	return a->ino == b->ino && a->dev == b->dev;
}

void shared__know_exe(struct collector *c, struct exe_id exe, struct shared_file *f)
{
	struct shared *s = &c->shared;

	if (!exe.ino)
		return;
	for (size_t i = 0; i < s->exe_cnt; i++)
		if (same_exe(&s->exes[i].id, &exe)) {
			s->exes[i].file = f;
			return;
		}
	if (array_grow(&s->exes, s->exe_cnt, &s->exe_cap, sizeof(*s->exes)))
		return;
	s->exes[s->exe_cnt++] = (struct shared_exe){ exe, f };
	for (size_t i = 0; i < s->unseen_cnt; i++)
		if (same_exe(&s->unseen[i].id, &exe)) {
			s->missed_cnt += s->unseen[i].cnt;
			s->unseen[i] = s->unseen[--s->unseen_cnt];
			return;
		}
}

static void count_unknown(struct shared *s, struct exe_id exe)
{
	for (size_t i = 0; i < s->unseen_cnt; i++)
		if (same_exe(&s->unseen[i].id, &exe)) {
			s->unseen[i].cnt++;
			return;
		}
	if (s->unseen_cnt < UNSEEN_MAX &&
	    !array_grow(&s->unseen, s->unseen_cnt, &s->unseen_cap, sizeof(*s->unseen)))
		s->unseen[s->unseen_cnt++] = (struct shared_unseen){ exe, 1 };
}

/* It never waited, if that would have been seen from its start on. */
static void count_known(struct shared *s, const struct shared_file *f, uint64_t born_ns)
{
	if (f && f->att && born_ns > f->since_ns)
		s->quiet_cnt++;
	else
		s->missed_cnt++;
}

void shared__unseen(struct collector *c, const struct gt_note *n)
{
	struct exe_id exe = { n->ino, n->tid };
	struct shared_file *f = shared__by_no(c, (uint32_t)n->end_ns);
	struct shared *s = &c->shared;

	if (f) {
		count_known(s, f, n->start_ns);
		return;
	}
	for (size_t i = 0; i < s->exe_cnt; i++)
		if (same_exe(&s->exes[i].id, &exe)) {
			count_known(s, s->exes[i].file, n->start_ns);
			return;
		}
	if (exe.ino)
		count_unknown(s, exe);
}

void shared__deinit(struct collector *c)
{
	for (size_t i = 0; i < c->shared.cnt; i++)
		if (c->shared.files[i])
			probe__detach(c->probe, c->shared.files[i]->att);
	for (size_t i = 0; i < c->shared.cnt; i++)
		free(c->shared.files[i]);
	free(c->shared.exes);
	free(c->shared.unseen);
	c->shared = (struct shared){ 0 };
}
