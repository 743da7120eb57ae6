# SPDX-License-Identifier: BSD-2-Clause
# Where the GIL is held and where others are made to wait: the shares of functions and lines against a program that knows
# them (tests/workloads/shares.py says what the variants are). Holds are short, as they are in real programs.

load lib
load subject
load places

@test "the judge knows right from wrong" {
	cd "$E2E_DIR"
	python3 - <<-'END'
	from places import by_place, by_place_folded, compare, shares
	def stack(kind, tid, ns, *frames):
	    return {"kind": kind, "tid": tid, "ns": ns, "frames": [{"name": n, "file": "x", "line": l} for n, l in frames]}
	stacks = [stack("blame", 1, 60, ("worker", 1), ("Generators.A", 2), ("Log.more", 3)), stack("hold", 1, 9, ("B", 1)),
	          stack("blame", 2, 70, ("waiter", 1)), stack("blame", 1, 30, ("worker", 1), ("B", 4), ("[burn]", None)),
	          stack("blame", 1, 10, ("worker", 1), ("nap", 5)), stack("blame", 1, 0)]
	functions, lines, others = by_place(stacks, "blame", {1})
	assert functions == {"A": 60, "B": 30, "(elsewhere)": 10}, functions
	assert lines == {"A:2": 60, "B:4": 30, "(elsewhere)": 10}, lines
	folded = "p (9);MainThread (1);worker (x.py:1);Generators.A (x.py:2);Log.more (x.py:3) 60\np (9);t (2);A (x.py:1) 5\n"
	assert by_place_folded(folded, {1})[0] == {"A": 60}
	said = shares(functions)
	assert not compare("blame", said, {"A": 64.0, "B": 26.0, "(elsewhere)": 10.0}, 5.0, ordered=True)
	assert compare("blame", said, {"A": 66.0, "B": 30.0, "(elsewhere)": 4.5}, 5.5, ordered=True)
	assert compare("blame", said, {"A": 60.0, "B": 40.0}, 11.0) == [] != compare("blame", said, {"A": 60.0, "B": 40.0}, 9.0)
	assert compare("blame", {"A": 47.0, "B": 53.0}, {"A": 53.0, "B": 47.0}, 5.9, ordered=True)
	END
}

@test "let go in another function: holds up to 20 ms that nothing cuts" {
	right stock-3.11 turn --waiters 8 --ms 1,2,5,10,20 --interval 1
}
@test "beside threads that always want the GIL" {
	right stock-3.11 turn --ms 1,2,5,10,20 --spinners 2 --waiters 1 --interval 0.005
}
@test "a burst before a send: not the send's" { right stock-3.11 send --ms 3.5,0; }
@test "callbacks from a thread of C: no Python frame is left where it lets go" { right stock-3.11 callback --ms 1,3,4; }
@test "C that sleeps and C that computes with the GIL" { right stock-3.11 native --ms 4,2,1 --interval 1; }
@test "C that sleeps between two functions, in one hold: who waits came before it and ticks after it" {
	right stock-3.11 between --ms 0.5,4,1.5 --interval 1 --waiters 1
}
