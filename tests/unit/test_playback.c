/* SPDX-License-Identifier: BSD-2-Clause */
/* test_playback.c - by whatever way one comes to a moment of a recording, the picture is the one of that moment */
#include "tests/unit/fake_recording.h"
#include "tui/past.h"
#include "user/app/playback.h"
#include "user/base/util.h"
#include "user/view/view.h"

#define MARKS 200
#define MS    1000000ull

struct stage {
	struct machine k;
	struct recording r;
	struct sinks sinks;
	struct playback b;
	struct playback_user user;
	uint64_t x;
	/* What the user has been told of: when the intervals ended, since all began anew. */
	uint64_t seen_ns[2 * MARKS];
	size_t seen_cnt, fresh_cnt;
	uint64_t known_from_ns;
};

static uint64_t rnd(struct stage *st, uint64_t below)
{
	st->x ^= st->x << 13;
	st->x ^= st->x >> 7;
	st->x ^= st->x << 17;
	return (st->x * 2685821657736338717ull >> 20) % below;
}

/* Three threads that wait and hold by turns, and a reading now and then. */
static void make_recording(struct stage *st)
{
	uint64_t now = T0, last = T0;
	uint32_t tid = 0;

	machine__init(&st->k, false);
	acquires(&st->k, 1, now += 1000);
	while (st->r.cnt < MARKS) {
		uint32_t next = (tid + 1) % 3;

		waits(&st->k, next + 1, now += 1000 + rnd(st, 100000));
		releases(&st->k, tid + 1, now += 1000 + rnd(st, 5 * MS));
		acquires(&st->k, next + 1, now += 1000 + rnd(st, 1000));
		tid = next;
		if (now < last + 10 * MS + rnd(st, 50 * MS))
			continue;
		last = now += 1000;
		publish_cut(now);
		read_cut_books(&st->k);
		fake_recording__add(&st->r, &st->k.totals);
		next_epoch(&st->k);
	}
}

static void fresh(void *ctx, uint64_t known_from_ns)
{
	struct stage *st = ctx;

	st->seen_cnt = 0;
	st->fresh_cnt++;
	st->known_from_ns = known_from_ns;
}

static void pass(void *ctx, const struct snapshot *interval)
{
	struct stage *st = ctx;

	assert_true(interval->brief);
	st->seen_ns[st->seen_cnt++ % (2 * MARKS)] = interval->now_ns;
}

static void stage__open(struct stage *st)
{
	memset(st, 0, sizeof(*st));
	st->x = 88172645463325252ull;
	make_recording(st);
	fake_recording__open(&st->r, &st->sinks);
	st->user = (struct playback_user){ st, fresh, pass, NULL };
	st->b.span_ns = 20 * MS;
	assert_int_equal(playback__open(&st->b, &st->r, &st->sinks, &st->user), 0);
}

static void stage__close(struct stage *st)
{
	playback__close(&st->b);
	assert_int_equal(st->sinks.cnt, 0);
	fake_recording__deinit(&st->r);
	machine__deinit(&st->k);
}

/* All of it, as text, since the mark before and since the start; then what is shown is marked. Caller frees. */
static char *picture(struct stage *st)
{
	struct record mark = { .kind = REC_MARK };
	struct view_opts o = { .interval_ns = MS };
	struct snapshot *interval = model__snapshot(st->b.model, MODEL_INTERVAL);
	struct snapshot *total = model__snapshot(st->b.model, MODEL_TOTAL);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct view *v = view_json__new(f, &o);

	assert_non_null(interval);
	assert_non_null(total);
	assert_non_null(v);
	balanced(interval);
	balanced(total);
	assert_int_equal(view__begin(v, interval), 0);
	assert_int_equal(view__interval(v, interval), 0);
	assert_int_equal(v->ops->end(v, total, NULL), 0);
	view__free(v);
	fclose(f);
	st->seen_ns[st->seen_cnt++ % (2 * MARKS)] = interval->now_ns;
	snapshot__free(interval);
	snapshot__free(total);
	sinks__send(&st->sinks, &mark);
	return text;
}

/* From the first to the last, one by one. */
static void play_through(struct stage *st, char *ret[MARKS])
{
	const struct player_step one = { PLAYER_FORWARD, 1, 0 };

	for (size_t i = 1; i < MARKS; i++) {
		assert_int_equal(st->b.at, i);
		assert_int_equal(st->b.at_end, i == MARKS - 1);
		ret[i] = picture(st);
		assert_int_equal(playback__go(&st->b, &one), i == MARKS - 1);
	}
	assert_int_equal(st->r.seek_cnt, 1);
}

/* What was seen ends here, and has no hole. */
static void check_seen(const struct stage *st)
{
	size_t at = st->b.at;

	assert_true(st->seen_cnt > 0);
	assert_true(st->seen_cnt >= PAST_CNT || st->seen_cnt >= st->b.at);
	for (size_t i = st->seen_cnt; i-- > 0 && at;)
		assert_int_equal(st->seen_ns[i % (2 * MARKS)],
				 recording__interval_end_ns(&st->r, at--));
}

static void every_way_leads_to_the_same_picture(void **state)
{
	static struct stage st;
	char *want[MARKS] = { NULL };

	(void)state;
	stage__open(&st);
	play_through(&st, want);
	for (int i = 0; i < 600; i++) {
		struct player_step step = { PLAYER_FORWARD, 1 + rnd(&st, i % 3 ? 5 : 60), 0 };
		size_t was = st.b.at;
		char *now;
		int err;

		if (i % 4) {
			step.go = i % 2 ? PLAYER_AT : PLAYER_COVER;
			step.to_ns = T0 + rnd(&st, st.r.end_ns[MARKS - 1] + 50 * MS);
		}
		err = playback__go(&st.b, &step);
		assert_true(err == 0 || (err == 1 && st.b.at == was));
		if (step.go == PLAYER_AT)
			assert_true(st.r.end_ns[st.b.at] <= step.to_ns || st.b.at == 1);
		if (step.go == PLAYER_COVER)
			assert_true((st.r.end_ns[st.b.at] >= step.to_ns || st.b.at == MARKS - 1) &&
				    (st.r.end_ns[st.b.at - 1] < step.to_ns || st.b.at == 1));
		if (err)
			continue;
		now = picture(&st);
		assert_string_equal(now, want[st.b.at]);
		check_seen(&st);
		free(now);
	}
	for (size_t i = 0; i < MARKS; i++)
		free(want[i]);
	stage__close(&st);
}

static void a_step_back_is_exact_at_both_ends(void **state)
{
	static struct stage st;

	(void)state;
	stage__open(&st);
	free(picture(&st));
	assert_int_equal(playback__go(&st.b, &(struct player_step){ PLAYER_AT, 0, 0 }), 1);
	assert_int_equal(st.b.at, 1);
	assert_int_equal(playback__go(&st.b, &(struct player_step){ PLAYER_COVER, 0, UINT64_MAX }),
			 0);
	assert_true(st.b.at_end);
	free(picture(&st));
	for (size_t i = MARKS - 2; i > MARKS - 5; i--) {
		const struct player_step back = { PLAYER_AT, 0, st.r.end_ns[st.b.at] - 1 };

		assert_int_equal(playback__go(&st.b, &back), 0);
		assert_int_equal(st.b.at, i);
		assert_false(st.b.at_end);
		assert_int_equal(st.r.span_ns, 20 * MS);
		assert_int_equal(st.known_from_ns, st.r.end_ns[i] - 20 * MS);
		free(picture(&st));
	}
	stage__close(&st);
}

/* What can be read of it is shown, and the end is where that ends. */
static void a_file_that_breaks_off_is_played_up_to_there(void **state)
{
	static struct stage st;
	char *want[MARKS] = { NULL }, *now;

	(void)state;
	stage__open(&st);
	play_through(&st, want);
	st.r.broken_from = 61;
	assert_int_equal(
		playback__go(&st.b, &(struct player_step){ PLAYER_AT, 0, st.r.end_ns[50] }), 0);
	now = picture(&st);
	assert_string_equal(now, want[50]);
	free(now);
	assert_int_equal(playback__go(&st.b, &(struct player_step){ PLAYER_FORWARD, 30, 0 }), 0);
	assert_int_equal(st.b.at, 60);
	now = picture(&st);
	assert_string_equal(now, want[60]);
	free(now);
	assert_true(playback__go(&st.b, &(struct player_step){ PLAYER_FORWARD, 1, 0 }) < 0);
	for (size_t i = 0; i < MARKS; i++)
		free(want[i]);
	stage__close(&st);
}

static void a_trigger_is_in_the_interval_that_it_is_about(void **state)
{
	struct recording r = {
		.trigger_cnt = 2,
		.triggers = { { .kind = TRIGGER_HOLD, .at_ns = 500, .start_ns = 1 },
			      { .kind = TRIGGER_DELAY, .at_ns = 2010, .start_ns = 1000 } }
	};

	(void)state;
	assert_int_equal(playback__trigger_ns(&r, 0), 500);
	assert_in_range(playback__trigger_ns(&r, 1), 1001, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_leads_to_the_same_picture),
		cmocka_unit_test(a_step_back_is_exact_at_both_ends),
		cmocka_unit_test(a_file_that_breaks_off_is_played_up_to_there),
		cmocka_unit_test(a_trigger_is_in_the_interval_that_it_is_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
