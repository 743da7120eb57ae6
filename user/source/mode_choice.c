/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/mode_choice.h"

#define MS 1000000ull
#define S  1000000000ull

/* Exact books are looked at after the first of these, then each time after the second. */
#define FIRST_LOOK_NS (50 * MS)
#define LOOK_NS	      (200 * MS)
/* Of a trial, and of its first look: far above the budget is seen at once. */
#define TRIAL_NS (50 * MS)
#define PEEK_NS	 (10 * MS)
#define FAR_OFF	 10
/* From one trial to the next at least, and where the last ones were far off. */
#define TRIAL_EVERY_NS (10 * S)
#define FAR_OFF_NS     (15 * S)
/* Of one that is light from the start: those that live for a moment only are left alone. */
#define FIRST_TRIAL_NS (300 * MS)
/* So long probes are still hit that are being taken away (scripts/bench processes: 60-120 ms with multi links). */
#define GOING_NS (100 * MS)
/* Savings of so much time at most. */
#define SAVED_NS (10 * S)

static int64_t allowed(const struct mode_choice *ch, uint64_t ns)
{
	return (int64_t)(ns / 1000 * ch->budget_ppm / 1000);
}

static void save(struct mode_choice *ch, int64_t ns)
{
	int64_t most = allowed(ch, SAVED_NS);

	ch->savings_ns += ns;
	if (ch->savings_ns > most)
		ch->savings_ns = most;
}

uint64_t mode_choice__init(struct mode_choice *ch, uint64_t now, uint64_t price_ns,
			   uint64_t budget_ppm, bool once)
{
	*ch = (struct mode_choice){ .price_ns = price_ns,
				    .budget_ppm = budget_ppm,
				    .once = once,
				    .last_ns = now,
				    .step_ns = now };
	if (!budget_ppm)
		return 0;
	ch->savings_ns = allowed(ch, SAVED_NS) / 2;
	return now + FIRST_LOOK_NS;
}

static uint64_t next_trial(const struct mode_choice *ch)
{
	return ch->once ? 0 : ch->step_ns + (ch->failed > 1 ? FAR_OFF_NS : TRIAL_EVERY_NS);
}

uint64_t mode_choice__init_light(struct mode_choice *ch, uint64_t now, uint64_t price_ns,
				 uint64_t budget_ppm, bool once)
{
	if (!mode_choice__init(ch, now, price_ns, budget_ppm, once) || once)
		return 0;
	ch->light = true;
	ch->step_ns =
		now - (now < TRIAL_EVERY_NS - FIRST_TRIAL_NS ? 0 : TRIAL_EVERY_NS - FIRST_TRIAL_NS);
	return next_trial(ch);
}

static enum mode_step to_light(struct mode_choice *ch, uint64_t now, int64_t cost, uint64_t dt,
			       uint64_t *next)
{
	if (dt)
		save(ch, -(int64_t)((double)cost / (double)dt * GOING_NS));
	ch->light = true;
	ch->trial = false;
	ch->step_ns = now;
	*next = next_trial(ch);
	return MODE_TO_LIGHT;
}

static enum mode_step look_light(struct mode_choice *ch, uint64_t now, uint64_t *next)
{
	*next = next_trial(ch);
	if (!*next)
		return MODE_STAY;
	if (now < *next || ch->savings_ns < 0) {
		if (*next < now + LOOK_NS)
			*next = now + LOOK_NS;
		return MODE_STAY;
	}
	ch->light = false;
	ch->trial = true;
	ch->step_ns = now;
	*next = now + PEEK_NS;
	return MODE_TO_EXACT;
}

static enum mode_step look_trial(struct mode_choice *ch, uint64_t now, int64_t cost, uint64_t dt,
				 uint64_t *next)
{
	int64_t fair = allowed(ch, dt);

	if (cost > FAR_OFF * fair) {
		ch->failed++;
		return to_light(ch, now, cost, dt, next);
	}
	if (now < ch->step_ns + TRIAL_NS) {
		*next = ch->step_ns + TRIAL_NS;
		return MODE_STAY;
	}
	ch->failed = 0;
	if (cost > fair / 2)
		return to_light(ch, now, cost, dt, next);
	ch->trial = false;
	*next = now + LOOK_NS;
	return MODE_STAY;
}

enum mode_step mode_choice__look(struct mode_choice *ch, uint64_t now, uint64_t hits,
				 uint64_t *next)
{
	uint64_t dt = now - ch->last_ns;
	int64_t cost = (int64_t)(hits * ch->price_ns);

	ch->last_ns = now;
	*next = 0;
	if (!ch->budget_ppm)
		return MODE_STAY;
	save(ch, allowed(ch, dt) - cost);
	if (ch->light)
		return look_light(ch, now, next);
	if (ch->trial)
		return look_trial(ch, now, cost, dt, next);
	/* Far above the budget there is no need to spend what was saved. */
	if (ch->savings_ns < 0 || cost > FAR_OFF * allowed(ch, dt))
		return to_light(ch, now, cost, dt, next);
	*next = now + LOOK_NS;
	return MODE_STAY;
}

uint64_t mode_choice__peek_ns(void)
{
	return PEEK_NS;
}

void mode_choice__again(struct mode_choice *ch, uint64_t now)
{
	ch->light = true;
	ch->trial = false;
	ch->step_ns = now > FAR_OFF_NS ? now - FAR_OFF_NS : 0;
}

void mode_choice__stays(struct mode_choice *ch, uint64_t now)
{
	ch->light = !ch->light;
	ch->trial = false;
	ch->step_ns = now;
}
