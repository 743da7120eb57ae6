/* SPDX-License-Identifier: BSD-2-Clause */
/* test_recording.c - what is played is what was: random schedules, recorded and played again
 *
 * Each schedule goes to a model and to a writer. Every picture of the model is kept as JSON; played from the bytes, another
 * model must give the same, character by character. Files that were cut or damaged give a part of them.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/codec/index.h"
#include "user/codec/ring.h"
#include "user/codec/writer.h"
#include "user/source/recording.h"
#include "user/view/view.h"

#include "tests/unit/schedule_cnt.h"
#include "tests/unit/random_processes.h"

#define SCHEDULES    schedule_cnt(80)
#define STACKS	     300
#define PICTURES_MAX 200

/* A run as it was: the pictures at its marks, and the file. */
struct run {
	size_t cnt;
	char *interval[PICTURES_MAX], *total[PICTURES_MAX];
	uint64_t at_ns[PICTURES_MAX];
	struct sbuf file;
	size_t frame_cnt, frame_cap;
	size_t *frame_ends;
	struct ring *ring;
	struct rec_writer *writer;
};

static struct run run;
static uint64_t running_seed;

static char *as_json(const struct model *m, enum model_span span)
{
	const struct view_opts o = { .interval_ns = 1000000000 };
	struct snapshot *s = model__snapshot(m, span);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct view *v = view_json__new(f, &o);

	assert_true(s && f && v);
	assert_int_equal(view__interval(v, s), 0);
	view__free(v);
	fclose(f);
	snapshot__free(s);
	return text;
}

static void picture(const struct sim *s)
{
	assert_true(run.cnt < PICTURES_MAX);
	run.at_ns[run.cnt] = s->k.totals.now_ns;
	run.interval[run.cnt] = as_json(s->m, MODEL_INTERVAL);
	run.total[run.cnt] = as_json(s->m, MODEL_TOTAL);
	run.cnt++;
}

/* As a session does: a reading, a picture, a mark. */
static void check_all(struct sim *s)
{
	uint64_t (*point)(void *ctx, uint64_t cnt) = shim.point;

	shim.point = NULL;
	read_now(s, false);
	if (run.cnt < PICTURES_MAX) {
		picture(s);
		say(s->m, &(struct record){ .kind = REC_MARK, .mark = { run.cnt == 1, false } });
	}
	if (stacks_on && !rnd(s, 4))
		next_epoch(&s->k);
	shim.point = point;
}

static void seed_holders(struct sim *s)
{
	for (size_t i = 0; i < s->k.gil_cnt; i++) {
		const struct fake_gil *g = &s->k.gils[i];

		if (!s->dying[g->tgid / 100 - 1] && !s->over[g->tgid / 100 - 1])
			say_holder(s->m, g->tgid, g->cond, g->holder, g->holder);
	}
}

static int take_frame(void *ctx, const struct frame *f, const void *bytes, size_t len)
{
	(void)ctx;
	sbuf__add(&run.file, bytes, len);
	assert_int_equal(array_grow(&run.frame_ends, run.frame_cnt, &run.frame_cap, sizeof(size_t)),
			 0);
	run.frame_ends[run.frame_cnt++] = run.file.len;
	return run.ring ? ring__add(run.ring, f, bytes, len) : 0;
}

static void tell_stacks(struct sim *s)
{
	static struct snap_frame frames[STACKS][2];
	static char names[STACKS][16];

	for (uint32_t i = 0; i < STACKS; i++) {
		snprintf(names[i], sizeof(names[i]), "f%u", i);
		/* Each name but the first comes again later. */
		frames[i][0] = (struct snap_frame){ i ? names[i - 1] : "main", "app.py", i + 1 };
		frames[i][1] = (struct snap_frame){ names[i], "app.py", i + 2 };
		assert_int_equal(
			say(s->m, &(struct record){ .kind = REC_STACK,
						    .stack = { i + 1, false, 2, frames[i] } }),
			0);
	}
}

static void tell_no_frame(struct sim *s)
{
	static const struct snap_frame none = { "[no Python frame]", "", 0 };

	assert_int_equal(say(s->m, &(struct record){ .kind = REC_STACK,
						     .stack = { NO_FRAME_ID, false, 1, &none } }),
			 0);
}

static void end_schedule(struct sim *s)
{
	say_also = NULL;
	rec_writer__free(run.writer);
	model__free(s->m);
	machine__deinit(&s->k);
	free(s);
}

/* ring: what is kept; NULL: all of it. */
static void make_run(uint64_t seed, struct ring *ring, uint64_t restart_ns)
{
	struct rec_writer_opts o = { .frame = take_frame, .restart_ns = restart_ns };
	struct sim *s = malloc(sizeof(*s));

	running_seed = seed;
	run.ring = ring;
	run.writer = rec_writer__new(&o);
	assert_true(s && run.writer);
	file_start__put(ring ? FILE_F_RING : 0, &run.file);
	say_also = rec_writer__sink(run.writer);
	begin(s, seed, seed % 2);
	tell_stacks(s);
	tell_no_frame(s);
	check_all(s);
	for (unsigned int i = 0; i < STEPS; i++) {
		time_passes(s);
		step(s, false);
		if (!rnd(s, 8))
			check_all(s);
		if (!rnd(s, 30))
			say_name(s->m, 100, 100 + (uint32_t)rnd(s, 5), rnd(s, 2) ? "a" : "b");
		if (s->deaths && !rnd(s, 60))
			process_ends(s, rnd(s, PROCS));
		if (s->deaths && !rnd(s, 60))
			process_execs(s, rnd(s, PROCS));
	}
	check_all(s);
	say(s->m, &(struct record){ .kind = REC_END, .run_end = { "duration", "" } });
	assert_int_equal(rec_writer__flush(run.writer), 0);
	assert_int_equal(rec_writer__err(run.writer), 0);
	end_schedule(s);
}

static int forget_run(void **state)
{
	(void)state;
	for (size_t i = 0; i < run.cnt; i++) {
		free(run.interval[i]);
		free(run.total[i]);
	}
	sbuf__free(&run.file);
	free(run.frame_ends);
	ring__free(run.ring);
	run = (struct run){ 0 };
	return 0;
}

static int say_seed(void **state)
{
	if (running_seed)
		print_message("the schedule that failed: %llu\n", (unsigned long long)running_seed);
	running_seed = 0;
	return forget_run(state);
}

/* ---- playing ---- */

struct stage {
	struct sinks sinks;
	struct model *m;
	struct recording *rec;
	struct source *src;
};

static bool open_bytes(struct stage *st, const void *bytes, size_t len)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	int fd = memfd_create("giltop", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	*st = (struct stage){ .m = model__new() };
	assert_non_null(st->m);
	assert_int_equal(sinks__add(&st->sinks, model__sink(st->m)), 0);
	st->rec = recording__open(fd, "x.giltop", &st->sinks, &why);
	if (!st->rec) {
		assert_true(why.len);
		model__free(st->m);
		return false;
	}
	st->src = recording__source(st->rec);
	return true;
}

static void close_stage(struct stage *st)
{
	model__free(st->m);
	st->src->ops->free(st->src);
}

static void mark(struct stage *st, size_t nth)
{
	const struct record r = { .kind = REC_MARK, .mark = { nth == 0, false } };

	assert_int_equal(sinks__send(&st->sinks, &r), 0);
}

static void same(const struct model *m, size_t nth)
{
	char *interval = as_json(m, MODEL_INTERVAL), *total = as_json(m, MODEL_TOTAL);

	assert_string_equal(interval, run.interval[nth]);
	assert_string_equal(total, run.total[nth]);
	free(interval);
	free(total);
}

/* How many pictures were as they had been. */
static size_t play(struct stage *st)
{
	size_t nth = 0;

	while (!st->src->ops->refresh(st->src)) {
		assert_true(nth < run.cnt);
		assert_int_equal(recording__now_ns(st->rec), run.at_ns[nth]);
		same(st->m, nth);
		mark(st, nth++);
	}
	return nth;
}

static void what_is_played_is_what_was(void **state)
{
	struct stage st;

	for (uint64_t seed = 1; seed <= SCHEDULES; seed++) {
		make_run(seed, NULL, 0);
		assert_true(open_bytes(&st, run.file.s, run.file.len));
		assert_int_equal(play(&st), run.cnt);
		assert_string_equal(recording__why(st.rec), "duration");
		assert_int_equal(recording__interval_cnt(st.rec), run.cnt);
		close_stage(&st);
		forget_run(state);
	}
	running_seed = 0;
}

/* It begins anew in between: who reads on notices nothing. */
static void restarts_are_not_noticed(void **state)
{
	struct stage st;

	for (uint64_t seed = 1; seed <= SCHEDULES / 3; seed++) {
		make_run(seed, NULL, 1);
		assert_true(open_bytes(&st, run.file.s, run.file.len));
		assert_int_equal(play(&st), run.cnt);
		close_stage(&st);
		forget_run(state);
	}
	running_seed = 0;
}

static void any_moment_can_be_sought(void **state)
{
	struct stage st;

	for (uint64_t seed = 1; seed <= SCHEDULES / 10; seed++) {
		make_run(seed, NULL, seed / 2 % 2);
		assert_true(open_bytes(&st, run.file.s, run.file.len));
		/* First further each time, then back. */
		for (size_t n = 0; n < 2 * run.cnt; n++) {
			size_t i = n < run.cnt ? n : 2 * run.cnt - 1 - n;

			sinks__remove(&st.sinks, model__sink(st.m));
			model__free(st.m);
			st.m = model__new();
			assert_int_equal(sinks__add(&st.sinks, model__sink(st.m)), 0);
			assert_int_equal(recording__seek(st.rec, run.at_ns[i], 0), 0);
			assert_int_equal(recording__now_ns(st.rec), run.at_ns[i]);
			same(st.m, i);
		}
		close_stage(&st);
		forget_run(state);
	}
	running_seed = 0;
}

/* Cut at any byte: all whole frames are played, and it is known that there is no end. */
static void a_file_that_was_cut_is_played_to_its_last_whole_frame(void **state)
{
	uint64_t x = 88172645463325252ull;
	struct stage st;

	make_run(3, NULL, 0);
	for (int i = 0; i < 300; i++) {
		size_t len, frames = 0, nth;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		len = i < 20 ? (size_t)i : x % run.file.len;
		if (!open_bytes(&st, run.file.s, len)) {
			assert_true(len < FILE_START_SZ);
			continue;
		}
		while (frames < run.frame_cnt && run.frame_ends[frames] <= len)
			frames++;
		nth = play(&st);
		assert_int_equal(nth, recording__interval_cnt(st.rec));
		assert_true(nth <= frames);
		assert_true(recording__is_cut(st.rec));
		close_stage(&st);
	}
	running_seed = 0;
	(void)state;
}

/* Damage is found where it is, and what was before it is as it was. */
static void a_damaged_file_is_played_up_to_there(void **state)
{
	uint64_t x = 88172645463325252ull;
	struct stage st;

	make_run(5, NULL, 0);
	for (int i = 0; i < 300; i++) {
		char *copy = malloc(run.file.len);
		size_t at;

		assert_non_null(copy);
		memcpy(copy, run.file.s, run.file.len);
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		at = x % run.file.len;
		copy[at] = (char)(copy[at] ^ (1 << x % 8));
		if (open_bytes(&st, copy, run.file.len)) {
			play(&st);
			close_stage(&st);
		}
		free(copy);
	}
	running_seed = 0;
	(void)state;
}

static int add_kept(void *ctx, const struct frame *f, const void *bytes, size_t len)
{
	(void)f;
	sbuf__add(ctx, bytes, len);
	return 0;
}

/* The parts of a picture that begin with this are all in that one, too. */
static void has_all(const char *json, const char *begin, const char *end, const char *was)
{
	for (const char *at = strstr(json, begin); at; at = strstr(at + 1, begin)) {
		char *part = strndup(at, (size_t)(strstr(at, end) - at));

		assert_non_null(part);
		if (!strstr(was, part))
			fail_msg("%s is not in %s", part, was);
		free(part);
	}
}

/* What a ring has kept begins in the middle; its intervals are those of the run. (In light stretches what an open wait had
 * been for before is not known there: a part of it is unsure. So these are exact.)
 */
static void the_last_of_it_is_as_it_was(void **state)
{
	size_t played = 0;

	for (uint64_t seed = 2; seed <= SCHEDULES / 2; seed += 2) {
		__cleanup(sbuf__free) struct sbuf file = { 0 };
		struct stage st;
		size_t nth = 0;

		make_run(seed, ring__new(1, 0), 1);
		assert_true(ring__bytes(run.ring) < run.file.len);
		file_start__put(FILE_F_RING, &file);
		assert_int_equal(ring__each(run.ring, add_kept, &file), 0);
		assert_true(open_bytes(&st, file.s, file.len));
		for (; !st.src->ops->refresh(st.src); nth++) {
			size_t was = run.cnt - recording__interval_cnt(st.rec) + nth;
			char *json = as_json(st.m, MODEL_INTERVAL);

			assert_int_equal(recording__now_ns(st.rec), run.at_ns[was]);
			if (nth) {
				has_all(json, "\"start_ns\":", ",\"lost_events", run.interval[was]);
				has_all(json, "\"gils\":[{", "]", run.interval[was]);
				played++;
			}
			free(json);
			mark(&st, nth);
		}
		close_stage(&st);
		forget_run(state);
	}
	running_seed = 0;
	assert_true(played);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_is_played_is_what_was, say_seed),
		cmocka_unit_test_teardown(restarts_are_not_noticed, say_seed),
		cmocka_unit_test_teardown(any_moment_can_be_sought, say_seed),
		cmocka_unit_test_teardown(a_file_that_was_cut_is_played_to_its_last_whole_frame,
					  say_seed),
		cmocka_unit_test_teardown(a_damaged_file_is_played_up_to_there, say_seed),
		cmocka_unit_test_teardown(the_last_of_it_is_as_it_was, say_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
