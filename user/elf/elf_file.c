/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/elf/elf_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/util.h"
#include "user/elf/elf_file_impl.h"

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
	uint64_t most;

	if (!tab || off >= tab_sz)
		return NULL;
	most = tab_sz - off < ELF_FILE_NAME_MAX ? tab_sz - off : ELF_FILE_NAME_MAX;
	return memchr(tab + off, '\0', most) ? tab + off : NULL;
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

static int read_segments(struct elf_file *elf, uint64_t file_sz)
{
	uint64_t dyn_off = 0, dyn_len = 0;
	GElf_Phdr ph;
	int err;

	if (elf_getphdrnum(elf->elf, &elf->phdr_cnt) || elf->phdr_cnt > ELF_FILE_PHDR_MAX)
		return -EINVAL;
	elf->segs = calloc(ELF_FILE_SEG_MAX, sizeof(*elf->segs));
	if (!elf->segs)
		return -ENOMEM;
	for (size_t i = 0; i < elf->phdr_cnt; i++) {
		if (!gelf_getphdr(elf->elf, (int)i, &ph))
			return -EINVAL;
		if (ph.p_type == PT_DYNAMIC) {
			dyn_off = ph.p_offset;
			dyn_len = ph.p_filesz;
		}
		if (ph.p_type != PT_LOAD || !ph.p_memsz)
			continue;
		err = add_segment(elf, &ph, file_sz);
		if (err)
			return err;
	}
	if (!elf->seg_cnt)
		return -EINVAL;
	if (dyn_len)
		elf_file__read_dynamic(elf, dyn_off, dyn_len);
	return 0;
}

static int check_header(const GElf_Ehdr *eh)
{
	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_ident[EI_DATA] != ELFDATA2LSB ||
	    (eh->e_machine != EM_X86_64 && eh->e_machine != EM_AARCH64) ||
	    (eh->e_type != ET_EXEC && eh->e_type != ET_DYN))
		return -ENOTSUP;
	/* More sections than fit here: then their number is in the first one, and may be anything. libelf makes room for as
	 * many as there are at once.
	 */
	return eh->e_shoff && !eh->e_shnum ? -EINVAL : 0;
}

/* Of the header alone: before libelf believes what it says. */
static int read_header(struct elf_file *elf)
{
	char head[sizeof(Elf64_Ehdr)];
	GElf_Ehdr eh;
	Elf *alone;
	int err;

	if (!elf_file__read(elf->fd, head, sizeof(head), 0))
		return -EINVAL;
	elf_version(EV_CURRENT);
	alone = elf_memory(head, sizeof(head));
	err = alone && elf_kind(alone) == ELF_K_ELF && gelf_getehdr(alone, &eh) ? check_header(&eh)
										: -EINVAL;
	elf_end(alone);
	if (err)
		return err;
	elf->machine = eh.e_machine;
	elf->elf = elf_begin(elf->fd, ELF_C_READ, NULL);
	return elf->elf ? 0 : -EINVAL;
}

/* How many bytes of it may be read. A file system that counts no blocks is believed. */
static uint64_t may_be_read(const struct stat *st)
{
	uint64_t sz = (uint64_t)st->st_size, on_disk = 512ULL * (uint64_t)st->st_blocks;

	if (on_disk && sz / ELF_FILE_SPARSE_MAX > on_disk)
		sz = on_disk * ELF_FILE_SPARSE_MAX;
	return sz > (ELF_FILE_READ_MAX - ELF_FILE_READ_LEAST) / 2 ? ELF_FILE_READ_MAX
								  : ELF_FILE_READ_LEAST + 2 * sz;
}

static int read_head(struct elf_file *elf)
{
	struct stat st;
	int err;

	if (fstat(elf->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode)) /* reading a device does something */
		return -EINVAL;
	elf->kept->left = may_be_read(&st);
	err = read_header(elf);
	return err ? err : read_segments(elf, (uint64_t)st.st_size);
}

struct elf_file *elf_file__open_fd(int fd)
{
	struct elf_file *elf = calloc(1, sizeof(*elf));
	int err = -ENOMEM;

	if (!elf)
		return NULL;
	elf->fd = -1;
	elf->kept = calloc(1, sizeof(*elf->kept));
	if (elf->kept) {
		elf->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		err = elf->fd < 0 ? -errno : read_head(elf);
	}
	if (!err)
		return elf;
	elf_file__free(elf);
	errno = -err;
	return NULL;
}

void elf_file__free(struct elf_file *elf)
{
	if (!elf)
		return;
	elf_file__forget_bytes(elf);
	elf_end(elf->elf);
	free(elf->kept);
	closep(&elf->fd);
	free(elf->segs);
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

	return sd ? elf_file__seg_bytes(elf, sd, va - sd->seg.va, len) : NULL;
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
	size_t notes = 0;
	GElf_Phdr ph;

	for (int i = 0; gelf_getphdr(elf->elf, i, &ph) && notes < ELF_FILE_NOTES; i++) {
		Elf_Data *data;
		size_t len;

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

Elf_Data *elf_file__section(const struct elf_file *elf, const GElf_Shdr *sh, uint64_t max,
			    Elf_Type type)
{
	if (sh->sh_type == SHT_NOBITS || sh->sh_flags & SHF_COMPRESSED || sh->sh_size > max)
		return NULL;
	return elf_file__chunk(elf, sh->sh_offset, sh->sh_size, type);
}

/* Not by elf_strptr(), which inflates them. */
static void read_names(const struct elf_file *elf)
{
	struct elf_kept *k = elf->kept;
	Elf_Data *data = NULL;
	GElf_Shdr sh;
	Elf_Scn *scn;
	size_t idx;

	if (k->names_tried)
		return;
	k->names_tried = true;
	scn = elf_getshdrstrndx(elf->elf, &idx) ? NULL : elf_getscn(elf->elf, idx);
	if (scn && gelf_getshdr(scn, &sh))
		data = elf_file__section(elf, &sh, ELF_FILE_NAMES_MAX, ELF_T_BYTE);
	if (data) {
		k->names = data->d_buf;
		k->names_sz = data->d_size;
	}
}

int elf_file__find_section(const struct elf_file *elf, const char *name, uint64_t *va,
			   uint64_t *size)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	read_names(elf);
	while (elf->kept->names && (scn = elf_nextscn(elf->elf, scn))) {
		const char *s;

		if (!gelf_getshdr(scn, &sh))
			continue;
		s = elf_file__str(elf->kept->names, elf->kept->names_sz, sh.sh_name);
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
