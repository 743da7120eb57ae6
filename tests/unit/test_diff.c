/* SPDX-License-Identifier: BSD-2-Clause */
/* test_diff.c - two runs side by side: what is matched with what, what is chance, and that JSON says the same */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/unit/fake_snapshot.h"
#include "user/base/fit.h"
#include "user/base/sbuf.h"
#include "user/codec/summary.h"
#include "user/judge/diff.h"
#include "user/view/diff_view.h"
#include "user/view/view.h"

static struct fake a, b;
static const char *const files[] = { "a.giltop", "b.giltop" };

static void both_init(void)
{
	fake__init(&a, 10 * S);
	fake__init(&b, 10 * S);
}

/* The first row of this kind and figure, of these threads or that function (NULL: any). */
static const struct diff_row *row(const struct diff *d, enum diff_kind kind, enum diff_figure f,
				  const char *name)
{
	for (size_t i = 0; i < d->cnt; i++) {
		const struct diff_row *r = &d->rows[i];
		const char *own = kind == DIFF_THREADS ? r->pool : r->function;

		if (r->kind == kind && r->figure == f && (!name || (own && !strcmp(own, name))))
			return r;
	}
	return NULL;
}

static bool near(double x, double y)
{
	return fabs(x - y) < 1e-6;
}

static void promise(const struct diff *d, enum diff_kind kind, enum diff_figure f, const char *name,
		    double va, double vb, enum diff_judgement j)
{
	const struct diff_row *r = row(d, kind, f, name);

	if (!r)
		fail_msg("no row of %s", name ? name : "it");
	if (isnan(va) != isnan(r->v[0]) || isnan(vb) != isnan(r->v[1]) ||
	    (!isnan(va) && !near(r->v[0], va)) || (!isnan(vb) && !near(r->v[1], vb)) ||
	    r->judgement != j)
		fail_msg("%s: %g -> %g +- %g, %s", name ? name : "all", r->v[0], r->v[1], r->err,
			 diff_judgement__word(r->judgement));
}

static void promise_verdict(const struct diff *d, const char *words)
{
	struct sbuf said = { 0 };

	diff__verdict(d, &said);
	if (!strstr(sbuf__str(&said), words))
		fail_msg("%s", sbuf__str(&said));
	sbuf__free(&said);
}

static void a_run_is_about_the_same_as_itself(void **state)
{
	struct diff *d;

	(void)state;
	both_init();
	d = diff__new(&a.snap, &a.snap);
	assert_non_null(d);
	for (size_t i = 0; i < d->cnt; i++)
		if (d->rows[i].judgement != DIFF_SAME)
			fail_msg("row %zu: %g -> %g", i, d->rows[i].v[0], d->rows[i].v[1]);
	promise_verdict(d, "of the time: about the same");
	diff__free(d);
}

/* The workers of B wait for a tenth of what they did, and encode() is why. */
static void make_better(void)
{
	uint64_t less = 0;

	both_init();
	for (size_t i = 0; i < 4; i++) {
		struct snap_thread *t = &b.threads[i];

		less += t->wait_ns - t->wait_ns / 10;
		t->wait_ns /= 10;
		t->wait_p50_ns /= 10;
		t->wait_p99_ns /= 10;
		t->tid += 1000;
	}
	b.gils[0].wait_ns -= less;
	b.stacks[0].ns -= less / 10 * 8;
}

static void what_got_better_is_said_with_the_place(void **state)
{
	double before = 41.2 + 0.3 + 35.5 + 0.8 + 30.1 + 0.6 + 24.0 + 1.1, after;
	struct diff *d;

	(void)state;
	make_better();
	after = 4.12 + 0.3 + 3.55 + 0.8 + 3.01 + 0.6 + 2.4 + 1.1;
	d = diff__new(&a.snap, &b.snap);
	assert_non_null(d);
	promise(d, DIFF_THREADS, DIFF_DELAY, "worker-*", before / 400, after / 400, DIFF_BETTER);
	promise(d, DIFF_THREADS, DIFF_DELAY, "MainThread", 0.06, 0.06, DIFF_SAME);
	promise(d, DIFF_RUN, DIFF_UTILIZATION, NULL, 0.974, 0.974, DIFF_SAME);
	promise(d, DIFF_RUN, DIFF_HANDOVERS, NULL, 1000, 1000, DIFF_SAME);
	assert_string_equal(row(d, DIFF_THREADS, DIFF_DELAY, NULL)->pool, "worker-*");
	assert_int_equal(row(d, DIFF_BLAME_FUNCTION, DIFF_BLAME, NULL)->judgement, DIFF_BETTER);
	promise_verdict(d, "better; most of it: MainThread in JSONEncoder.iterencode "
			   "(encoder.py:257) ");
	diff__free(d);
	d = diff__new(&b.snap, &a.snap);
	promise(d, DIFF_THREADS, DIFF_DELAY, "worker-*", after / 400, before / 400, DIFF_WORSE);
	promise_verdict(d, "worse; most of it: MainThread in JSONEncoder.iterencode");
	diff__free(d);
}

static void few_waits_say_little(void **state)
{
	struct diff *d;

	(void)state;
	both_init();
	b.threads[5].wait_ns *= 2; /* from 5.2% to 10.4% */
	a.threads[5].contended = b.threads[5].contended = 4;
	a.threads[5].yields = b.threads[5].yields = 0;
	d = diff__new(&a.snap, &b.snap);
	promise(d, DIFF_THREADS, DIFF_DELAY, "MainThread", 0.06, 0.112, DIFF_SAME);
	diff__free(d);
	a.threads[5].contended = b.threads[5].contended = 400;
	d = diff__new(&a.snap, &b.snap);
	promise(d, DIFF_THREADS, DIFF_DELAY, "MainThread", 0.06, 0.112, DIFF_WORSE);
	diff__free(d);
}

static void new_and_renamed_threads_are_new_and_gone(void **state)
{
	struct diff *d;

	(void)state;
	both_init();
	for (size_t i = 0; i < 4; i++)
		snprintf(b.names[i], sizeof(b.names[i]), "crew-%zu", i);
	d = diff__new(&a.snap, &b.snap);
	promise(d, DIFF_THREADS, DIFF_DELAY, "worker-*",
		(41.2 + 0.3 + 35.5 + 0.8 + 30.1 + 0.6 + 24.0 + 1.1) / 400, NAN, DIFF_GONE);
	assert_int_equal(row(d, DIFF_THREADS, DIFF_DELAY, "crew-*")->judgement, DIFF_NEW);
	/* The code is the same, whoever runs it. */
	for (size_t i = 0; i < d->cnt; i++)
		if (d->rows[i].kind >= DIFF_BLAME_FUNCTION)
			assert_int_equal(d->rows[i].judgement, DIFF_SAME);
	promise_verdict(d, "about the same");
	diff__free(d);
}

static void a_function_in_one_of_them_is_new_or_gone(void **state)
{
	static const struct snap_frame moved[] = { { "<module>", "/home/x/wsgi.py", 12 },
						   { "encode_fast", "/home/x/fast.py", 9 } };
	struct diff *d;

	(void)state;
	both_init();
	b.stacks[0].frames = moved;
	b.stacks[0].frame_cnt = 2;
	d = diff__new(&a.snap, &b.snap);
	assert_int_equal(row(d, DIFF_BLAME_FUNCTION, DIFF_BLAME, "encode_fast")->judgement,
			 DIFF_NEW);
	assert_int_equal(
		row(d, DIFF_BLAME_FUNCTION, DIFF_BLAME, "JSONEncoder.iterencode")->judgement,
		DIFF_GONE);
	diff__free(d);
}

/* Another folder, another line: it is the same function. */
static void a_function_is_known_in_another_folder_and_at_another_line(void **state)
{
	static struct snap_frame moved[7];
	struct diff *d;

	(void)state;
	both_init();
	memcpy(moved, fake_dump, sizeof(moved));
	moved[6].file = "/opt/venv/encoder.py";
	moved[6].line = 300;
	b.stacks[0].frames = moved;
	d = diff__new(&a.snap, &b.snap);
	assert_int_equal(
		row(d, DIFF_BLAME_FUNCTION, DIFF_BLAME, "JSONEncoder.iterencode")->judgement,
		DIFF_SAME);
	for (size_t i = 0; i < d->cnt; i++)
		if (d->rows[i].kind == DIFF_BLAME_LINE &&
		    (d->rows[i].line == 300 || d->rows[i].line == 257))
			assert_int_equal(d->rows[i].judgement,
					 d->rows[i].line == 300 ? DIFF_NEW : DIFF_GONE);
	diff__free(d);
}

static void workers_of_one_program_are_one_and_programs_are_told_apart(void **state)
{
	struct diff *d;

	(void)state;
	fake__workers(&a, 10 * S);
	fake__workers(&b, 10 * S);
	b.snap.proc_cnt = 5; /* fewer of them */
	d = diff__new(&a.snap, &b.snap);
	assert_null(d->program[0]);
	const struct diff_row *r = row(d, DIFF_THREADS, DIFF_DELAY, "gthread-*");

	assert_string_equal(r->role, "gunicorn: worker [shop]");
	assert_true(near(r->v[0], (0.02 + 0.03 + 0.9 + 0.025 + 0.01 + 0.4 + 0.035) / 7));
	assert_true(near(r->v[1], (0.02 + 0.03 + 0.9 + 0.025) / 4));
	diff__free(d);
	/* One program each, whatever it is called: they are compared. */
	both_init();
	b.procs[0].cmdline = "python3 after.py";
	d = diff__new(&a.snap, &b.snap);
	assert_string_equal(d->program[0], "gunicorn: worker [shop]");
	assert_string_equal(d->program[1], "after.py");
	promise(d, DIFF_THREADS, DIFF_DELAY, "MainThread", 0.06, 0.06, DIFF_SAME);
	assert_null(row(d, DIFF_THREADS, DIFF_DELAY, "MainThread")->role);
	diff__free(d);
}

static void what_is_not_known_is_not_compared(void **state)
{
	struct diff *d;

	(void)state;
	both_init();
	fake__light(&b, 0, 0);
	b.procs[0].stacks_known = false;
	b.procs[0].stack_cnt = 0;
	d = diff__new(&a.snap, &b.snap);
	promise(d, DIFF_RUN, DIFF_UTILIZATION, NULL, 0.974, NAN, DIFF_UNKNOWN);
	promise(d, DIFF_RUN, DIFF_HANDOVERS, NULL, 1000, NAN, DIFF_UNKNOWN);
	assert_int_equal(row(d, DIFF_RUN, DIFF_HOLD_MAX, NULL)->judgement, DIFF_UNKNOWN);
	assert_int_equal(row(d, DIFF_THREADS, DIFF_HOLD, "MainThread")->judgement, DIFF_UNKNOWN);
	assert_int_equal(row(d, DIFF_BLAME_FUNCTION, DIFF_BLAME, NULL)->judgement, DIFF_UNKNOWN);
	promise(d, DIFF_THREADS, DIFF_DELAY, "MainThread", 0.06, 0.06, DIFF_SAME);
	diff__free(d);
}

static void nothing_compares_with_anything(void **state)
{
	struct diff *d;

	(void)state;
	both_init();
	b.snap.proc_cnt = 0;
	for (int i = 0; i < 3; i++) {
		d = diff__new(i ? &b.snap : &a.snap, i == 1 ? &a.snap : &b.snap);
		assert_non_null(d);
		promise_verdict(d, "not known of both");
		diff__free(d);
	}
	for (size_t i = 0; i < a.procs[0].thread_cnt; i++)
		a.threads[i].wait_ns = a.threads[i].yield_ns = 0;
	d = diff__new(&a.snap, &a.snap);
	promise_verdict(d, "no thread was delayed by the GIL in either");
	diff__free(d);
}

/* ---- the same from JSON ---- */

static struct snapshot *through_json(const struct snapshot *from)
{
	struct view_opts o = { .interval_ns = S };
	struct snapshot copy = *from, *s = &copy;
	struct snapshot *ret = NULL;
	struct sbuf why = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct view *v = view_json__new(f, &o);

	copy.attach = "?";
	assert_int_equal(view__begin(v, s), 0);
	assert_int_equal(view__interval(v, s), 0);
	assert_int_equal(v->ops->end(v, s, "duration"), 0);
	view__free(v);
	fclose(f);
	f = fmemopen(text, len, "r");
	if (summary__read(f, &ret, &why))
		fail_msg("%s", sbuf__str(&why));
	fclose(f);
	free(text);
	return ret;
}

static char *diff_text(const struct snapshot *x, const struct snapshot *y, bool json)
{
	struct diff *d = diff__new(x, y);
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(d);
	assert_int_equal(json ? diff_json__put(f, d, files) : diff_text__put(f, d, files), 0);
	fclose(f);
	diff__free(d);
	return text;
}

static char *folded_text(const struct snapshot *x, const struct snapshot *y, enum weight w)
{
	struct view_opts o = { .weight = w, .unit_ns = 1 };
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	double scale;

	assert_int_equal(diff_folded__put(f, x, y, &o, &scale), 0);
	fclose(f);
	return text;
}

static void promise_same(char *x, char *y)
{
	assert_true(*x);
	assert_string_equal(x, y);
	free(x);
	free(y);
}

static void json_equals(void)
{
	struct snapshot *ja = through_json(&a.snap), *jb = through_json(&b.snap);

	promise_same(diff_text(&a.snap, &b.snap, false), diff_text(ja, jb, false));
	promise_same(diff_text(&a.snap, &b.snap, true), diff_text(&a.snap, jb, true));
	promise_same(diff_text(&b.snap, &a.snap, true), diff_text(jb, ja, true));
	for (int w = WEIGHT_WAIT; w <= WEIGHT_BLAME; w++)
		if (a.procs[0].stack_cnt && a.procs[0].stacks_known)
			promise_same(folded_text(&a.snap, &b.snap, (enum weight)w),
				     folded_text(ja, jb, (enum weight)w));
	snapshot__free(ja);
	snapshot__free(jb);
}

static void pools_of(struct fake *f, const char *worker)
{
	static struct snap_pool pools[2][2];
	struct snap_pool *p = pools[f == &b];

	p[0] = (struct snap_pool){ .name = worker, .cnt = 4 };
	p[1] = (struct snap_pool){ .name = "MainThread", .cnt = 1 };
	f->procs[0].pools = p;
	f->procs[0].pool_cnt = 2;
	for (size_t i = 0; i < f->procs[0].thread_cnt; i++)
		f->threads[i].pool = i < 4 ? 0 : i == 5 ? 1 : SIZE_MAX;
}

static void a_diff_of_json_is_the_same(void **state)
{
	(void)state;
	make_better();
	json_equals();
	pools_of(&a, "worker-*");
	pools_of(&b, "worker-*");
	json_equals();
	/* Those that ended share a row, and have stacks. */
	a.threads[0].tid = SNAP_FOLD_TID | 77;
	a.threads[0].folded_cnt = 12;
	fake__stack(&a, SNAP_STACK_BLAME, SNAP_FOLD_TID | 77, S, fake_regex, 5);
	fake__stack(&a, SNAP_STACK_WAIT, 0, S, NULL, 0);
	json_equals();
	fake__light(&b, 1000, 613);
	json_equals();
	fake__workers(&a, 10 * S);
	for (size_t i = 0; i < FAKE_THREADS; i++) /* made up of what is not known */
		if (a.threads[i].hold_p99_ns == NS_UNKNOWN)
			a.threads[i].hold_max_ns = NS_UNKNOWN;
	json_equals();
}

static void folded_stacks_have_both_weights_for_the_same_time(void **state)
{
	char *text;

	(void)state;
	both_init();
	a.procs[0].stack_cnt = b.procs[0].stack_cnt = 0;
	fake__stack(&a, SNAP_STACK_BLAME, 4242, 1000, fake_dump, 7);
	fake__stack(&a, SNAP_STACK_BLAME, 4246, 40, fake_regex, 5);
	fake__stack(&a, SNAP_STACK_BLAME, 4245, 60, fake_regex, 5);
	fake__stack(&b, SNAP_STACK_BLAME, 4242, 300, fake_dump, 5);
	b.snap.start_ns -= 10 * S; /* twice as long */
	pools_of(&a, "worker-*");
	pools_of(&b, "worker-*");
	text = folded_text(&a.snap, &b.snap, WEIGHT_BLAME);
	assert_string_equal(
		text,
		"gunicorn: worker [shop];MainThread;<module> (wsgi.py);run (base.py);"
		"handle_request (gthread.py);Shop.index (views.py);dumps (__init__.py) 0 300\n"
		"gunicorn: worker [shop];MainThread;<module> (wsgi.py);run (base.py);"
		"handle_request (gthread.py);Shop.index (views.py);dumps (__init__.py);"
		"JSONEncoder.encode (encoder.py);JSONEncoder.iterencode (encoder.py) 2000 0\n"
		"gunicorn: worker [shop];worker-*;Thread._bootstrap (threading.py);"
		"Thread.run (threading.py);_worker (thread.py);handler (app.py);"
		"search (__init__.py) 200 0\n");
	free(text);
}

static void no_line_of_text_is_wider_than_80_columns(void **state)
{
	static const struct snap_frame wide[] = {
		{ "A_class_with_a_long_name.and_a_method_that_has_one_too",
		  "/x/a_long_module_name.py", 123456 }
	};
	char *text, *save = NULL;

	(void)state;
	make_better();
	snprintf(b.names[0], sizeof(b.names[0]), "a-thread-with-a-long-name-is-1");
	b.stacks[0].frames = wide;
	b.stacks[0].frame_cnt = 1;
	b.threads[5].wait_ns = 9 * S;
	text = diff_text(&a.snap, &b.snap, false);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (fit__columns(line) > 80)
			fail_msg("%s", line);
	free(text);
}

/* ---- files that are none ---- */

static const char *refusal(const char *text, size_t len)
{
	static char said[256];
	FILE *f = fmemopen((void *)(uintptr_t)text, len, "r");
	struct snapshot *s = NULL;
	struct sbuf why = { 0 };

	assert_non_null(f);
	said[0] = '\0';
	if (!summary__read(f, &s, &why))
		fail_msg("was taken: %.80s", text);
	assert_null(s);
	snprintf(said, sizeof(said), "%s", sbuf__str(&why));
	sbuf__free(&why);
	fclose(f);
	return said;
}

static void what_is_no_summary_is_refused(void **state)
{
#define META "{\"type\":\"meta\",\"v\":1}\n"
#define SUM  "{\"type\":\"summary\",\"v\":1,"
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "\n", "neither" },
		{ "root:x:0:0:root:/root:/bin/bash\n", "neither" },
		{ SUM "\"start_ns\":1,\"duration_ns\":1,\"processes\":[]}\n", "neither" },
		{ META, "has no summary" },
		{ META "{\"type\":\"snapshot\"}\n", "has no summary" },
		{ META SUM "\"start_ns\":1,\"dura", "cut off" },
		{ META SUM "\"x\":1}\n", "how long it is of" },
		{ META SUM "\"start_ns\":1,\"duration_ns\":-1,\"processes\":[]}\n", "how long" },
		{ META SUM "\"start_ns\":1,\"duration_ns\":1}\n", "no list of processes" },
		{ META SUM "\"start_ns\":1,\"duration_ns\":1,\"processes\":{}}\n", "no list" },
		{ META "{\"type\":\"summary\",\"v\":2}\n", "another version" },
		{ META SUM "\"start_ns\":99999999999999999999,\"processes\":[]}\n", "no JSON" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *said = refusal(bad[i].text, strlen(bad[i].text));

		if (!strstr(said, bad[i].why))
			fail_msg("%s: %s", bad[i].text, said);
	}
}

static void the_last_summary_counts_and_values_of_any_type_are_taken_as_unknown(void **state)
{
	static const char text[] = META SUM
		"\"start_ns\":1,\"duration_ns\":2,\"processes\":[]}\n"
		"{ \"type\" : \"summary\", \"v\":1,\"start_ns\":5,\"duration_ns\":7,\"new\":[],"
		"\"processes\":[7,{\"pid\":\"x\",\"comm\":3,\"gils\":7,\"threads\":[{},7,"
		"{\"tid\":-3,\"name\":\"\\u001b[31m\",\"wait_ns\":1.5,\"gil\":99,\"wait_max_ns\":"
		"null}],"
		"\"stacks\":[{\"kind\":\"odd\"},{\"kind\":\"wait\",\"pool\":\"x\",\"frames\":[1]}]}"
		"]}";
	FILE *f = fmemopen((void *)(uintptr_t)text, sizeof(text) - 1, "r");
	struct snapshot *s = NULL;
	struct sbuf why = { 0 };

	(void)state;
	if (summary__read(f, &s, &why))
		fail_msg("%s", sbuf__str(&why));
	fclose(f);
	assert_int_equal(s->start_ns, 5);
	assert_int_equal(s->now_ns, 12);
	assert_int_equal(s->proc_cnt, 2);
	assert_int_equal(s->procs[1].thread_cnt, 3);
	assert_string_equal(s->procs[1].threads[2].name, "?[31m");
	assert_int_equal(s->procs[1].threads[2].wait_ns, 0);
	assert_true(s->procs[1].threads[2].wait_max_ns == NS_UNKNOWN);
	assert_int_equal(s->procs[1].stack_cnt, 1);
	assert_int_equal(s->procs[1].stacks[0].tid, 0);
	snapshot__free(s);
}

/* 300 MB of other lines, as they come; then a summary that is too long. */
struct endless {
	size_t left;
	const char *now;
	size_t now_len, in_lines, in_summary;
};

static ssize_t read_endless(void *cookie, char *buf, size_t size)
{
	struct endless *e = cookie;

	if (!e->now_len && e->in_lines) {
		e->in_lines--;
		e->now = "{\"type\":\"snapshot\",\"v\":1,\"processes\":[0,1,2,3,4,5,6,7,8,9,10]}\n";
		e->now_len = strlen(e->now);
	} else if (!e->now_len && e->in_summary) {
		memset(buf, ' ', size);
		e->in_summary = e->in_summary > size ? e->in_summary - size : 0;
		return (ssize_t)size;
	}
	size = size < e->now_len ? size : e->now_len;
	memcpy(buf, e->now, size);
	e->now += size;
	e->now_len -= size;
	if (!e->now_len && !e->in_lines && e->left) {
		e->now = SUM;
		e->now_len = e->left;
		e->left = 0;
	}
	return (ssize_t)size;
}

static void a_summary_that_is_too_long_is_refused(void **state)
{
	struct endless e = { .now = META,
			     .now_len = sizeof(META) - 1,
			     .in_lines = 1000000,
			     .in_summary = SUMMARY_MAX + (1 << 20),
			     .left = sizeof(SUM) - 1 };
	FILE *f = fopencookie(&e, "r", (cookie_io_functions_t){ .read = read_endless });
	struct snapshot *s = NULL;
	struct sbuf why = { 0 };

	(void)state;
	assert_int_equal(summary__read(f, &s, &why), -EFBIG);
	assert_string_equal(sbuf__str(&why), "its summary has more than 100 MB");
	sbuf__free(&why);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_about_the_same_as_itself),
		cmocka_unit_test(what_got_better_is_said_with_the_place),
		cmocka_unit_test(few_waits_say_little),
		cmocka_unit_test(new_and_renamed_threads_are_new_and_gone),
		cmocka_unit_test(a_function_in_one_of_them_is_new_or_gone),
		cmocka_unit_test(a_function_is_known_in_another_folder_and_at_another_line),
		cmocka_unit_test(workers_of_one_program_are_one_and_programs_are_told_apart),
		cmocka_unit_test(what_is_not_known_is_not_compared),
		cmocka_unit_test(nothing_compares_with_anything),
		cmocka_unit_test(a_diff_of_json_is_the_same),
		cmocka_unit_test(folded_stacks_have_both_weights_for_the_same_time),
		cmocka_unit_test(no_line_of_text_is_wider_than_80_columns),
		cmocka_unit_test(what_is_no_summary_is_refused),
		cmocka_unit_test(
			the_last_summary_counts_and_values_of_any_type_are_taken_as_unknown),
		cmocka_unit_test(a_summary_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
