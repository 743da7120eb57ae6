/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/elf/disasm.h"

#include <capstone/capstone.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "user/base/util.h"

struct disasm {
	csh cs;
	cs_insn *insn; /* scratch */
	uint16_t machine;
};

/* DWARF numbers of the x86_64 registers (System V ABI, figure 3.36), plus one: 0 is "no register" */
static const uint8_t x86_dwarf[X86_REG_ENDING] = {
	/* clang-format off */
	[X86_REG_AL] = 1, [X86_REG_AH] = 1, [X86_REG_AX] = 1, [X86_REG_EAX] = 1, [X86_REG_RAX] = 1,
	[X86_REG_DL] = 2, [X86_REG_DH] = 2, [X86_REG_DX] = 2, [X86_REG_EDX] = 2, [X86_REG_RDX] = 2,
	[X86_REG_CL] = 3, [X86_REG_CH] = 3, [X86_REG_CX] = 3, [X86_REG_ECX] = 3, [X86_REG_RCX] = 3,
	[X86_REG_BL] = 4, [X86_REG_BH] = 4, [X86_REG_BX] = 4, [X86_REG_EBX] = 4, [X86_REG_RBX] = 4,
	[X86_REG_SIL] = 5, [X86_REG_SI] = 5, [X86_REG_ESI] = 5, [X86_REG_RSI] = 5,
	[X86_REG_DIL] = 6, [X86_REG_DI] = 6, [X86_REG_EDI] = 6, [X86_REG_RDI] = 6,
	[X86_REG_BPL] = 7, [X86_REG_BP] = 7, [X86_REG_EBP] = 7, [X86_REG_RBP] = 7,
	[X86_REG_SPL] = 8, [X86_REG_SP] = 8, [X86_REG_ESP] = 8, [X86_REG_RSP] = 8,
	[X86_REG_R8B] = 9, [X86_REG_R8W] = 9, [X86_REG_R8D] = 9, [X86_REG_R8] = 9,
	[X86_REG_R9B] = 10, [X86_REG_R9W] = 10, [X86_REG_R9D] = 10, [X86_REG_R9] = 10,
	[X86_REG_R10B] = 11, [X86_REG_R10W] = 11, [X86_REG_R10D] = 11, [X86_REG_R10] = 11,
	[X86_REG_R11B] = 12, [X86_REG_R11W] = 12, [X86_REG_R11D] = 12, [X86_REG_R11] = 12,
	[X86_REG_R12B] = 13, [X86_REG_R12W] = 13, [X86_REG_R12D] = 13, [X86_REG_R12] = 13,
	[X86_REG_R13B] = 14, [X86_REG_R13W] = 14, [X86_REG_R13D] = 14, [X86_REG_R13] = 14,
	[X86_REG_R14B] = 15, [X86_REG_R14W] = 15, [X86_REG_R14D] = 15, [X86_REG_R14] = 15,
	[X86_REG_R15B] = 16, [X86_REG_R15W] = 16, [X86_REG_R15D] = 16, [X86_REG_R15] = 16,
	/* clang-format on */
};

static uint8_t dwarf_of_x86(unsigned int reg)
{
	return reg < ARRAY_SIZE(x86_dwarf) && x86_dwarf[reg] ? x86_dwarf[reg] - 1 : DISASM_NO_REG;
}

static uint8_t dwarf_of_arm64(unsigned int reg)
{
	if (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X28)
		return (uint8_t)(reg - ARM64_REG_X0);
	if (reg >= ARM64_REG_W0 && reg <= ARM64_REG_W30)
		return (uint8_t)(reg - ARM64_REG_W0);
	switch (reg) {
	case ARM64_REG_X29: return 29;
	case ARM64_REG_X30: return 30;
	case ARM64_REG_SP:
	case ARM64_REG_WSP: return 31;
	default: return DISASM_NO_REG;
	}
}

static void x86_call_or_jmp(const cs_insn *ci, struct insn *in, bool call)
{
	const cs_x86_op *op = &ci->detail->x86.operands[0];

	in->flow = call ? INSN_CALL_REG : INSN_JMP_REG;
	if (op->type == X86_OP_IMM) {
		in->flow = call ? INSN_CALL : INSN_JMP;
		in->target = (uint64_t)op->imm;
		/* arch/x86/kernel/uprobes.c branch_setup_xol_ops(): relative, no 66 prefix */
		in->emulated = ci->detail->x86.prefix[2] != 0x66;
	} else if (op->type == X86_OP_REG) {
		in->src = dwarf_of_x86(op->reg);
	} else if (op->type == X86_OP_MEM && op->mem.index == X86_REG_INVALID &&
		   (op->mem.base == X86_REG_RIP || op->mem.base == X86_REG_INVALID)) {
		in->flow = call ? INSN_CALL_MEM : INSN_JMP_MEM;
		in->target = (uint64_t)op->mem.disp;
		if (op->mem.base == X86_REG_RIP)
			in->target += ci->address + ci->size;
	}
}

/* lea and mov: what constant or sum ends up in a register */
static void x86_assign(const cs_insn *ci, struct insn *in)
{
	const cs_x86_op *dst = &ci->detail->x86.operands[0], *src = &ci->detail->x86.operands[1];

	if (ci->detail->x86.op_count != 2 || dst->type != X86_OP_REG || dst->size < 4)
		return;
	in->dst = dwarf_of_x86(dst->reg);
	if (in->dst == DISASM_NO_REG)
		return;
	if (src->type == X86_OP_IMM) {
		in->set = INSN_SET_CONST;
		in->imm = dst->size == 4 ? (int64_t)(uint32_t)src->imm : src->imm;
	} else if (src->type == X86_OP_REG && dst->size == 8) {
		in->src = dwarf_of_x86(src->reg);
		in->set = in->src == DISASM_NO_REG ? INSN_SET_NONE : INSN_SET_ADD;
	} else if (src->type == X86_OP_MEM && dst->size == 8 && src->mem.index == X86_REG_INVALID &&
		   src->mem.segment == X86_REG_INVALID) {
		bool lea = ci->id == X86_INS_LEA;

		in->imm = src->mem.disp;
		if (src->mem.base == X86_REG_RIP)
			in->imm += (int64_t)(ci->address + ci->size);
		in->set = lea ? INSN_SET_CONST : INSN_SET_LOAD;
		if (src->mem.base != X86_REG_RIP && src->mem.base != X86_REG_INVALID) {
			in->src = dwarf_of_x86(src->mem.base);
			in->set = lea ? INSN_SET_ADD : INSN_SET_LOAD;
		}
	}
}

static void x86_add(const cs_insn *ci, struct insn *in)
{
	const cs_x86_op *dst = &ci->detail->x86.operands[0], *src = &ci->detail->x86.operands[1];

	if (ci->detail->x86.op_count != 2 || dst->type != X86_OP_REG || dst->size != 8 ||
	    src->type != X86_OP_IMM)
		return;
	in->dst = in->src = dwarf_of_x86(dst->reg);
	in->imm = src->imm;
	in->set = in->dst == DISASM_NO_REG ? INSN_SET_NONE : INSN_SET_ADD;
}

static void x86_convert(csh cs, const cs_insn *ci, struct insn *in)
{
	switch (ci->id) {
	case X86_INS_CALL: x86_call_or_jmp(ci, in, true); return;
	case X86_INS_JMP: x86_call_or_jmp(ci, in, false); return;
	case X86_INS_LCALL:
	case X86_INS_LJMP: in->flow = INSN_JMP_REG; return;
	case X86_INS_LEA:
	case X86_INS_MOV:
	case X86_INS_MOVABS: x86_assign(ci, in); return;
	case X86_INS_ADD: x86_add(ci, in); return;
	case X86_INS_PUSH:
		/* push_setup_xol_ops(): 50..57, 41 50..57 */
		in->emulated = ci->detail->x86.operands[0].type == X86_OP_REG &&
			       (ci->bytes[ci->size - 1] & 0xf8) == 0x50;
		return;
	case X86_INS_NOP: in->emulated = true; return;
	case X86_INS_RET:
	case X86_INS_RETF:
	case X86_INS_IRETQ: in->flow = INSN_RET; return;
	case X86_INS_UD2:
	case X86_INS_HLT:
	case X86_INS_INT3: in->flow = INSN_STOP; return;
	case X86_INS_JRCXZ:
	case X86_INS_JECXZ:
	case X86_INS_LOOP:
	case X86_INS_LOOPE:
	case X86_INS_LOOPNE:
		in->flow = INSN_JCC;
		in->target = (uint64_t)ci->detail->x86.operands[0].imm;
		return;
	default: break;
	}
	if (cs_insn_group(cs, ci, X86_GRP_JUMP)) {
		in->flow = INSN_JCC;
		in->target = (uint64_t)ci->detail->x86.operands[0].imm;
		in->emulated = ci->detail->x86.prefix[2] != 0x66;
	}
}

static int64_t last_imm(const cs_arm64 *a)
{
	return a->op_count ? a->operands[a->op_count - 1].imm : 0;
}

static void arm64_flow(enum insn_flow flow, const cs_arm64 *a, struct insn *in)
{
	in->flow = flow;
	in->emulated = true; /* arch/arm64/kernel/probes/decode-insn.c simulates them all */
	if (flow == INSN_CALL || flow == INSN_JMP || flow == INSN_JCC)
		in->target = (uint64_t)last_imm(a);
	else if (a->op_count)
		in->src = dwarf_of_arm64(a->operands[0].reg);
}

static void arm64_assign(unsigned int id, const cs_arm64 *a, struct insn *in)
{
	const cs_arm64_op *op = a->operands;

	in->dst = a->op_count ? dwarf_of_arm64(op[0].reg) : DISASM_NO_REG;
	if (a->op_count < 2 || in->dst == DISASM_NO_REG)
		return;
	if (id == ARM64_INS_ADR || id == ARM64_INS_ADRP) {
		in->set = id == ARM64_INS_ADR ? INSN_SET_CONST : INSN_SET_PAGE;
		in->imm = op[1].imm;
		in->emulated = true;
	} else if (id == ARM64_INS_MOV && op[1].type == ARM64_OP_REG) {
		in->src = dwarf_of_arm64(op[1].reg);
		in->set = in->src == DISASM_NO_REG ? INSN_SET_NONE : INSN_SET_ADD;
	} else if (id == ARM64_INS_ADD && a->op_count == 3 && op[1].type == ARM64_OP_REG &&
		   op[2].type == ARM64_OP_IMM) {
		in->src = dwarf_of_arm64(op[1].reg);
		in->imm = op[2].imm;
		if (op[2].shift.type == ARM64_SFT_LSL && op[2].shift.value < 32)
			in->imm <<= op[2].shift.value;
		in->set = in->src == DISASM_NO_REG ? INSN_SET_NONE : INSN_SET_ADD;
	} else if (id == ARM64_INS_LDR && op[1].type == ARM64_OP_MEM && !a->writeback &&
		   a->op_count == 2 && op[1].mem.index == ARM64_REG_INVALID) {
		in->src = dwarf_of_arm64(op[1].mem.base);
		in->imm = op[1].mem.disp;
		in->set = in->src == DISASM_NO_REG ? INSN_SET_NONE : INSN_SET_LOAD;
	}
}

static void arm64_convert(const cs_insn *ci, struct insn *in)
{
	const cs_arm64 *a = &ci->detail->arm64;

	switch (ci->id) {
	case ARM64_INS_BL: arm64_flow(INSN_CALL, a, in); break;
	case ARM64_INS_BLR: arm64_flow(INSN_CALL_REG, a, in); break;
	case ARM64_INS_BR: arm64_flow(INSN_JMP_REG, a, in); break;
	case ARM64_INS_RET: arm64_flow(INSN_RET, a, in); break;
	case ARM64_INS_CBZ:
	case ARM64_INS_CBNZ:
	case ARM64_INS_TBZ:
	case ARM64_INS_TBNZ: arm64_flow(INSN_JCC, a, in); break;
	case ARM64_INS_B:
		arm64_flow(a->cc == ARM64_CC_INVALID || a->cc == ARM64_CC_AL ? INSN_JMP : INSN_JCC,
			   a, in);
		break;
	case ARM64_INS_BRK:
	case ARM64_INS_HLT: in->flow = INSN_STOP; break;
	case ARM64_INS_NOP: in->emulated = true; break;
	default: arm64_assign(ci->id, a, in); break;
	}
}

static void add_writes(struct disasm *d, const cs_insn *ci, struct insn *in)
{
	uint8_t read_cnt = 0, write_cnt = 0;
	cs_regs read, write;

	if (cs_regs_access(d->cs, ci, read, &read_cnt, write, &write_cnt)) {
		in->writes = UINT32_MAX;
		return;
	}
	for (uint8_t i = 0; i < write_cnt; i++) {
		uint8_t reg =
			d->machine == EM_X86_64 ? dwarf_of_x86(write[i]) : dwarf_of_arm64(write[i]);

		if (reg < DISASM_REG_CNT)
			in->writes |= 1U << reg;
	}
	if (in->set != INSN_SET_NONE)
		in->writes |= 1U << in->dst;
}

static void convert(struct disasm *d, struct insn *in)
{
	const cs_insn *ci = d->insn;

	*in = (struct insn){
		.va = ci->address,
		.len = (uint8_t)ci->size,
		.name = cs_insn_name(d->cs, ci->id),
		.dst = DISASM_NO_REG,
		.src = DISASM_NO_REG,
	};
	if (d->machine == EM_X86_64)
		x86_convert(d->cs, ci, in);
	else
		arm64_convert(ci, in);
	add_writes(d, ci, in);
}

int64_t disasm__decode(struct disasm *d, const uint8_t *code, size_t len, uint64_t va,
		       struct insn **ret, size_t *ret_cnt)
{
	size_t left = len, cnt = 0, cap = 0;
	struct insn *insns = NULL;

	*ret = NULL;
	*ret_cnt = 0;
	while (left) {
		if (array_grow(&insns, cnt, &cap, sizeof(*insns))) {
			free(insns);
			return -ENOMEM;
		}
		if (cs_disasm_iter(d->cs, &code, &left, &va, d->insn)) {
			convert(d, &insns[cnt++]);
			continue;
		}
		if (d->machine == EM_X86_64 || left < 4)
			break;
		insns[cnt++] = (struct insn){ .va = va,
					      .len = 4,
					      .name = "?",
					      .dst = DISASM_NO_REG,
					      .src = DISASM_NO_REG,
					      .writes = UINT32_MAX };
		code += 4;
		va += 4;
		left -= 4;
	}
	*ret = insns;
	*ret_cnt = cnt;
	return (int64_t)(len - left);
}

struct disasm *disasm__new(uint16_t machine)
{
	struct disasm *d;
	cs_err err;

	if (machine != EM_X86_64 && machine != EM_AARCH64) {
		errno = ENOTSUP;
		return NULL;
	}
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->machine = machine;
	err = machine == EM_X86_64 ? cs_open(CS_ARCH_X86, CS_MODE_64, &d->cs)
				   : cs_open(CS_ARCH_ARM64, CS_MODE_ARM, &d->cs);
	if (!err)
		err = cs_option(d->cs, CS_OPT_DETAIL, CS_OPT_ON);
	if (!err)
		d->insn = cs_malloc(d->cs);
	if (!d->insn) {
		disasm__free(d);
		errno = err == CS_ERR_ARCH ? ENOTSUP : ENOMEM;
		return NULL;
	}
	return d;
}

void disasm__free(struct disasm *d)
{
	if (!d)
		return;
	if (d->insn)
		cs_free(d->insn, 1);
	if (d->cs)
		cs_close(&d->cs);
	free(d);
}

uint8_t disasm__arg(const struct disasm *d, unsigned int i)
{
	/* rdi, rsi; x0, x1 */
	return d->machine == EM_X86_64 ? (i ? 4 : 5) : (i ? 1 : 0);
}

uint8_t disasm__pc(const struct disasm *d)
{
	return d->machine == EM_X86_64 ? DISASM_X86_PC : DISASM_ARM64_PC;
}

uint32_t disasm__call_clobbers(const struct disasm *d)
{
	/* x86_64: all but rbx, rbp, rsp, r12..r15; aarch64: x0..x18 and the link register x30 */
	return d->machine == EM_X86_64 ? 0x0f37 : 0x4007ffff;
}
