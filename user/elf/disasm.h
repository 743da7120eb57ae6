/* SPDX-License-Identifier: BSD-2-Clause */
/* disasm.h - machine code as the little that control-flow and constant tracking need (capstone underneath)
 *
 * x86_64 and aarch64 look the same from here. Registers are DWARF numbers, sub-registers count as the
 * whole register.
 */
#ifndef GILTOP_ELF_DISASM_H
#define GILTOP_ELF_DISASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum insn_flow {
	INSN_NEXT = 0, /* falls through, nothing else */
	INSN_CALL,     /* to target */
	INSN_CALL_MEM, /* through the pointer at address target */
	INSN_CALL_REG, /* through register src */
	INSN_JMP,
	INSN_JMP_MEM,
	INSN_JMP_REG, /* jump tables too */
	INSN_JCC,     /* to target, or falls through */
	INSN_RET,
	INSN_STOP, /* ud2, hlt, brk: never goes on */
};

enum insn_set {
	INSN_SET_NONE = 0,
	INSN_SET_CONST, /* dst = imm (an address: pc-relative is resolved) */
	INSN_SET_PAGE,	/* dst = imm, of which the lower 12 bits are still to come (adrp) */
	INSN_SET_ADD,	/* dst = src + imm (lea, add, mov with imm 0) */
	INSN_SET_LOAD,	/* dst = *(uint64_t *)(src + imm); src DISASM_NO_REG: *(imm) */
};

#define DISASM_NO_REG  255
#define DISASM_REG_CNT 32
/* "register" number of the program counter, usable as a base: DWARF has 16 (return address column) on
 * x86_64, 32 (PC) on aarch64.
 */
#define DISASM_X86_PC	16
#define DISASM_ARM64_PC 32

struct insn {
	uint64_t va;
	uint64_t target; /* CALL, JMP, JCC: where to; CALL_MEM, JMP_MEM: the slot's address */
	int64_t imm;
	const char *name; /* static storage */
	uint32_t writes;  /* bit n: DWARF register n changes, dst included */
	uint8_t len;
	uint8_t flow; /* enum insn_flow */
	uint8_t set;  /* enum insn_set */
	uint8_t dst, src;
	bool emulated; /* by the kernel's uprobes: no single step (uprobe-cost: about 30 times cheaper) */
};

static inline bool insn__is_call(const struct insn *in)
{
	return in->flow == INSN_CALL || in->flow == INSN_CALL_MEM || in->flow == INSN_CALL_REG;
}

/* A jump to in->target, always or on a condition. */
static inline bool insn__is_jump(const struct insn *in)
{
	return in->flow == INSN_JMP || in->flow == INSN_JCC;
}

struct disasm;

/* machine: EM_X86_64 or EM_AARCH64. NULL + errno (ENOTSUP, ENOMEM). */
struct disasm *disasm__new(uint16_t machine);
void disasm__free(struct disasm *d);

/* Decode from code[0] at va until len is used up. Returns the number of bytes decoded (== len: all of it;
 * less: an instruction that is not known), or -ENOMEM. *ret and *ret_cnt: an array that the caller frees.
 * On aarch64 unknown words are kept as plain instructions that change every register.
 */
int64_t disasm__decode(struct disasm *d, const uint8_t *code, size_t len, uint64_t va,
		       struct insn **ret, size_t *ret_cnt);

/* The register of argument i (0 or 1), for this machine. */
uint8_t disasm__arg(const struct disasm *d, unsigned int i);
uint8_t disasm__pc(const struct disasm *d);
/* The registers a call may change under the platform's calling convention, as a mask. */
uint32_t disasm__call_clobbers(const struct disasm *d);

#endif
