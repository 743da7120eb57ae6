/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/elf/elf_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/base/util.h"
#include "user/elf/elf_file_impl.h"

Elf_Data *elf_file__chunk(const struct elf_file *elf, uint64_t off, uint64_t len, Elf_Type type)
{
	Elf_Data *data;

	if (!len || len > *elf->read_left || off > INT64_MAX - len)
		return NULL;
	*elf->read_left -= len;
	data = elf_getdata_rawchunk(elf->elf, (int64_t)off, len, type);
	/* a converted chunk of a strange type may come back shorter than asked for */
	if (!data || !data->d_buf || data->d_size < len)
		return NULL;
	return data;
}

static struct elf_seg_data *find_segment(const struct elf_file *elf, uint64_t va)
{
	for (size_t i = 0; i < elf->seg_cnt; i++) {
		const struct elf_seg *seg = &elf->segs[i].seg;

		if (va >= seg->va && va - seg->va < seg->filesz)
			return &elf->segs[i];
	}
	return NULL;
}

/* The one that holds all of [va, va + len). */
static struct elf_seg_data *find_whole(const struct elf_file *elf, uint64_t va, uint64_t len)
{
	struct elf_seg_data *sd = find_segment(elf, va);

	return sd && len <= sd->seg.filesz - (va - sd->seg.va) ? sd : NULL;
}

Elf_Data *elf_file__chunk_at(const struct elf_file *elf, uint64_t va, uint64_t len, Elf_Type type)
{
	const struct elf_seg_data *sd = find_whole(elf, va, len);

	return sd ? elf_file__chunk(elf, sd->seg.off + (va - sd->seg.va), len, type) : NULL;
}

const char *elf_file__str(const char *tab, size_t tab_sz, uint64_t off)
{
	if (!tab || off >= tab_sz || !memchr(tab + off, '\0', tab_sz - off))
		return NULL;
	return tab + off;
}

static int add_segment(struct elf_file *elf, const GElf_Phdr *ph, uint64_t file_sz)
{
	struct elf_seg *seg;

	if (elf->seg_cnt == ELF_FILE_SEG_MAX)
		return -EINVAL;
	/* The kernel would not load these; what follows may rely on "no sum wraps, all bytes are there". */
	if (ph->p_offset > file_sz || ph->p_filesz > file_sz - ph->p_offset)
		return -EINVAL;
	if (ph->p_filesz > ph->p_memsz || ph->p_vaddr > UINT64_MAX - ph->p_memsz)
		return -EINVAL;
	seg = &elf->segs[elf->seg_cnt++].seg;
	seg->va = ph->p_vaddr;
	seg->off = ph->p_offset;
	seg->filesz = ph->p_filesz;
	seg->memsz = ph->p_memsz;
	seg->flags = ph->p_flags;
	return 0;
}

static int read_segments(struct elf_file *elf)
{
	uint64_t dyn_off = 0, dyn_len = 0;
	GElf_Phdr ph;
	size_t cnt;
	off_t end;
	int err;

	end = lseek(elf->fd, 0, SEEK_END);
	if (end < 0)
		return -errno;
	if (elf_getphdrnum(elf->elf, &cnt) || cnt > UINT16_MAX)
		return -EINVAL;
	elf->segs = calloc(ELF_FILE_SEG_MAX, sizeof(*elf->segs));
	if (!elf->segs)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		if (!gelf_getphdr(elf->elf, (int)i, &ph))
			return -EINVAL;
		if (ph.p_type == PT_DYNAMIC) {
			dyn_off = ph.p_offset;
			dyn_len = ph.p_filesz;
		}
		if (ph.p_type != PT_LOAD || !ph.p_memsz)
			continue;
		err = add_segment(elf, &ph, (uint64_t)end);
		if (err)
			return err;
	}
	if (!elf->seg_cnt)
		return -EINVAL;
	if (dyn_len)
		elf_file__read_dynamic(elf, dyn_off, dyn_len);
	return 0;
}

static int read_header(struct elf_file *elf)
{
	GElf_Ehdr eh;

	if (elf_kind(elf->elf) != ELF_K_ELF || !gelf_getehdr(elf->elf, &eh))
		return -EINVAL;
	if (eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_ident[EI_DATA] != ELFDATA2LSB ||
	    (eh.e_machine != EM_X86_64 && eh.e_machine != EM_AARCH64) ||
	    (eh.e_type != ET_EXEC && eh.e_type != ET_DYN))
		return -ENOTSUP;
	elf->machine = eh.e_machine;
	return 0;
}

struct elf_file *elf_file__open_fd(int fd)
{
	struct elf_file *elf;
	int err = -EINVAL;

	elf_version(EV_CURRENT);
	elf = calloc(1, sizeof(*elf));
	if (!elf)
		return NULL;
	elf->fd = -1;
	elf->read_left = malloc(sizeof(*elf->read_left));
	if (!elf->read_left) {
		err = -ENOMEM;
		goto fail;
	}
	*elf->read_left = ELF_FILE_READ_MAX;
	elf->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (elf->fd < 0) {
		err = -errno;
		goto fail;
	}
	elf->elf = elf_begin(elf->fd, ELF_C_READ, NULL);
	if (!elf->elf)
		goto fail;
	err = read_header(elf);
	if (!err)
		err = read_segments(elf);
	if (!err)
		return elf;
fail:
	elf_file__free(elf);
	errno = -err;
	return NULL;
}

void elf_file__free(struct elf_file *elf)
{
	if (!elf)
		return;
	elf_end(elf->elf);
	closep(&elf->fd);
	free(elf->segs);
	free(elf->read_left);
	free(elf);
}

uint16_t elf_file__machine(const struct elf_file *elf)
{
	return elf->machine;
}

int elf_file__seg(const struct elf_file *elf, size_t i, struct elf_seg *ret)
{
	if (i >= elf->seg_cnt)
		return -ENOENT;
	*ret = elf->segs[i].seg;
	return 0;
}

const void *elf_file__at(const struct elf_file *elf, uint64_t va, size_t len)
{
	struct elf_seg_data *sd = find_whole(elf, va, len);
	Elf_Data *data;

	if (!sd)
		return NULL;
	if (!sd->tried) {
		sd->tried = true;
		data = elf_file__chunk(elf, sd->seg.off, sd->seg.filesz, ELF_T_BYTE);
		sd->bytes = data ? data->d_buf : NULL;
	}
	return sd->bytes ? sd->bytes + (va - sd->seg.va) : NULL;
}

int elf_file__va_to_off(const struct elf_file *elf, uint64_t va, uint64_t *ret)
{
	const struct elf_seg_data *sd = find_segment(elf, va);

	if (!sd)
		return -ENOENT;
	*ret = sd->seg.off + (va - sd->seg.va);
	return 0;
}

int elf_file__bias(const struct elf_file *elf, uint64_t start, uint64_t off, uint64_t page_sz,
		   uint64_t *ret)
{
	struct elf_seg seg;

	for (size_t i = 0; !elf_file__seg(elf, i, &seg); i++) {
		if (!(seg.flags & PF_X) || off < (seg.off & ~(page_sz - 1)) ||
		    off >= seg.off + seg.filesz)
			continue;
		*ret = start - (seg.va - seg.off) - off;
		return 0;
	}
	return -EINVAL;
}

static size_t note_build_id(Elf_Data *data, const uint8_t **ret)
{
	size_t off = 0, name_off, desc_off;
	GElf_Nhdr nh;

	while (off < data->d_size) {
		off = gelf_getnote(data, off, &nh, &name_off, &desc_off);
		if (!off)
			break;
		if (nh.n_type == NT_GNU_BUILD_ID && nh.n_namesz == sizeof("GNU") && nh.n_descsz &&
		    nh.n_descsz <= 64 && !memcmp((char *)data->d_buf + name_off, "GNU", 4)) {
			*ret = (const uint8_t *)data->d_buf + desc_off;
			return nh.n_descsz;
		}
	}
	return 0;
}

size_t elf_file__build_id(const struct elf_file *elf, const uint8_t **ret)
{
	Elf_Data *data;
	GElf_Phdr ph;
	size_t len, notes = 0;

	for (int i = 0; gelf_getphdr(elf->elf, i, &ph) && notes < ELF_FILE_NOTES; i++) {
		if (ph.p_type != PT_NOTE || ph.p_filesz > ELF_FILE_NOTE_MAX)
			continue;
		notes++;
		data = elf_file__chunk(elf, ph.p_offset, ph.p_filesz,
				       ph.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
		len = data ? note_build_id(data, ret) : 0;
		if (len)
			return len;
	}
	return 0;
}

bool elf_file__section_fits(const struct elf_file *elf, size_t idx, uint64_t max)
{
	Elf_Scn *scn = elf_getscn(elf->elf, idx);
	GElf_Shdr sh;

	return scn && gelf_getshdr(scn, &sh) && sh.sh_size <= max;
}

int elf_file__find_section(const struct elf_file *elf, const char *name, uint64_t *va,
			   uint64_t *size)
{
	Elf_Scn *scn = NULL;
	const char *s;
	GElf_Shdr sh;
	size_t names;

	if (elf_getshdrstrndx(elf->elf, &names) ||
	    !elf_file__section_fits(elf, names, ELF_FILE_NAMES_MAX))
		return -ENOENT;
	while ((scn = elf_nextscn(elf->elf, scn))) {
		if (!gelf_getshdr(scn, &sh))
			continue;
		s = elf_strptr(elf->elf, names, sh.sh_name);
		if (s && !strcmp(s, name)) {
			*va = sh.sh_addr;
			*size = sh.sh_size;
			return 0;
		}
	}
	return -ENOENT;
}

int elf_file__eh_frame(const struct elf_file *elf, uint64_t *va, uint64_t *size, bool *exact)
{
	const struct elf_seg_data *sd;
	const uint8_t *hdr;
	GElf_Phdr ph;
	int32_t rel;

	*exact = true;
	if (!elf_file__find_section(elf, ".eh_frame", va, size) && *size &&
	    elf_file__at(elf, *va, *size))
		return 0;
	*exact = false;
	for (int i = 0; gelf_getphdr(elf->elf, i, &ph); i++) {
		if (ph.p_type != PT_GNU_EH_FRAME)
			continue;
		/* version 1, then the encoding of the pointer that follows: 0x1b is pc-relative, 32 bits */
		hdr = elf_file__at(elf, ph.p_vaddr, 8);
		if (!hdr || hdr[0] != 1 || hdr[1] != 0x1b)
			continue;
		memcpy(&rel, hdr + 4, sizeof(rel));
		*va = ph.p_vaddr + 4 + (uint64_t)(int64_t)rel;
		sd = find_segment(elf, *va);
		if (!sd)
			continue;
		*size = sd->seg.filesz - (*va - sd->seg.va);
		return 0;
	}
	return -ENOENT;
}
