/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/speedscope_frames.h"

#include <stdlib.h>

#include "user/base/util.h"
#include "user/picture/snapshot.h"

struct speedscope_frame {
	uint32_t name, file, line; /* numbers of strings; file STRINGS_NONE, line 0: not known */
};

static uint32_t frame_no(struct speedscope_frames *fs, uint32_t name, uint32_t file, uint32_t line)
{
	uint64_t key = (uint64_t)name << 32 | file;
	size_t at = (size_t)hmap__get(&fs->nos, key, line);

	if (at)
		return (uint32_t)(at - 1);
	if (fs->strings.err || fs->cnt >= UINT32_MAX ||
	    array_grow(&fs->list, fs->cnt, &fs->cap, sizeof(*fs->list)) ||
	    hmap__put(&fs->nos, key, line, (void *)(fs->cnt + 1))) {
		fs->oom = true;
		return 0;
	}
	fs->list[fs->cnt] = (struct speedscope_frame){ name, file, line };
	return (uint32_t)fs->cnt++;
}

uint32_t speedscope_frames__of(struct speedscope_frames *fs, const struct snap_frame *f)
{
	uint32_t name = strings__no(&fs->strings, f->name);

	return frame_no(fs, name, *f->file ? strings__no(&fs->strings, f->file) : STRINGS_NONE,
			f->line);
}

uint32_t speedscope_frames__text(struct speedscope_frames *fs, const char *name)
{
	return frame_no(fs, strings__no(&fs->strings, name), STRINGS_NONE, 0);
}

void speedscope_frames__put(const struct speedscope_frames *fs, struct json_out *j)
{
	json__open(j, "frames", '[');
	for (size_t i = 0; i < fs->cnt; i++) {
		const struct speedscope_frame *f = &fs->list[i];

		json__open(j, NULL, '{');
		json__str(j, "name", fs->strings.list[f->name]);
		if (f->file != STRINGS_NONE)
			json__str(j, "file", fs->strings.list[f->file]);
		if (f->line)
			json__u64(j, "line", f->line);
		json__close(j, '}');
	}
	json__close(j, ']');
}

void speedscope_frames__free(struct speedscope_frames *fs)
{
	strings__free(&fs->strings);
	hmap__free(&fs->nos);
	free(fs->list);
	*fs = (struct speedscope_frames){ 0 };
}
