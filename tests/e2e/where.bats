# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2016,SC2154
# Where processes run is told, and -a measures those that are asked for: in cgroups made here, as engines make them.
# All are below one of this test's own: what else runs on this machine is none of its business.

load lib
load run

setup() {
	needs_root
	needs_giltop
	e2e_setup
	GROUPS_MADE=()
	V2=/sys/fs/cgroup/unified
	[ -e $V2/cgroup.procs ] || V2=/sys/fs/cgroup
	GROUP=giltop-test-$$-$BATS_TEST_NUMBER
}

teardown() {
	# The first process of a pid namespace minds no other signal, and unshare(1) waits for it.
	[ -z "${INNER:-}" ] || kill -9 "$INNER" 2>/dev/null || true
	e2e_teardown
	local i
	for ((i = ${#GROUPS_MADE[@]} - 1; i >= 0; i--)); do
		wait_for 5 rmdir "${GROUPS_MADE[i]}"
	done
}

# group_make ROOT PATH: a cgroup below the test's own, with all that is above it.
group_make() {
	local dir=$1/$GROUP part
	for part in '' ${2//\// }; do
		dir=$dir${part:+/$part}
		[ -d "$dir" ] && continue
		mkdir "$dir" 2>/dev/null || skip "needs to make cgroups in $1"
		GROUPS_MADE+=("$dir")
	done
}

# sleeper [PATH]: a Python that sleeps, in that cgroup of version 2: WL_PID.
sleeper() {
	python_start "$SLEEP"
	[ -z "${1:-}" ] || into "$V2/$GROUP/$1"
}

into() {
	echo "$WL_PID" >"$1/cgroup.procs"
}

# measured PID,.. OPTION..: are exactly these measured? What is written: $OUT.
measured() {
	local pids=$1
	shift
	json_of -a -d 300ms "$@"
	numbers --expr "{p['pid'] for p in total['processes']} == {*[$pids]}"
}

# id_of CHARACTER: of a container; this test may run twice at a time.
id_of() {
	sha256sum <<<"$GROUP $1" | cut -c1-64
}

POD=3b4c5d6e-1a2b-4c3d-8e9f-0a1b2c3d4e5f

@test "a container's processes are measured by its id, and no others" {
	local a b one two both
	a=$(id_of a) b=$(id_of b)
	group_make "$V2" "docker-$a.scope"
	group_make "$V2" "docker-$b.scope"
	sleeper "docker-$a.scope"
	one=$WL_PID
	sleeper "docker-$b.scope"
	two=$WL_PID
	sleeper
	both="$one, $two"
	measured "$one" --container "${a:0:12}"
	numbers --expr "proc['container'] == {'id': '$a', 'name': None, 'engine': 'docker'}" \
		--expr "proc['cgroup'] == '/$GROUP/docker-$a.scope'" \
		--expr "proc['pod'] is None and proc['unit'] is None and proc['ns_pid'] is None"
	measured "$two" --container "$b"
	measured "$both" --container "$a,${b:0:4}" --cgroup "/$GROUP"
	measured "$both" --container "$a" --container "$b"
	measured "$both" --cgroup "/$GROUP"
	measured "$both" --cgroup "$V2/$GROUP/"
	measured "$both" --cgroup "$GROUP"
	measured "$one" --cgroup "$GROUP" --container "$a"
	measured "$one" --cgroup "docker-$a.scope"
	measured "" --cgroup "/$GROUP" --container "$(id_of c)"
	measured "" --cgroup "/$GROUP/docker"
	run -0 --separate-stderr "$GILTOP" -b -a -d 300ms --container "$a"
	[[ $output == *$'\n'"in container ${a:0:12} (docker)"$'\n'* ]]
	run -0 --separate-stderr "$GILTOP" dump -a --container "$a"
	[[ $output == *"in container ${a:0:12} (docker)"* ]]
}

@test "a container in a hierarchy of version 1 is one as well" {
	local id v1=/sys/fs/cgroup/pids
	[ -w $v1/cgroup.procs ] && [ "$v1" != "$V2" ] && [ -e $v1/notify_on_release ] || skip "needs cgroups of version 1"
	id=$(id_of d)
	group_make $v1 "docker/$id"
	sleeper
	into "$v1/$GROUP/docker/$id"
	measured "$WL_PID" --container "${id:0:8}"
	numbers --expr "proc['container']['id'] == '$id' and proc['container']['engine'] == 'docker'" \
		--expr "proc['cgroup'] == '/$GROUP/docker/$id'"
	measured "$WL_PID" --cgroup "$v1/$GROUP"
}

@test "a pod's processes are measured by its uid" {
	local id slice=kubepods-burstable-pod${POD//-/_}.slice
	id=$(id_of e)
	group_make "$V2" "$slice/cri-containerd-$id.scope"
	group_make "$V2" "kubepods-other.slice"
	sleeper "kubepods-other.slice"
	sleeper "$slice/cri-containerd-$id.scope"
	measured "$WL_PID" --cgroup "/$GROUP" --pod $POD
	numbers --expr "proc['pod'] == '$POD' and proc['pod_name'] is None" \
		--expr "proc['container'] == {'id': '$id', 'name': None, 'engine': 'containerd'}"
	measured "" --cgroup "/$GROUP" --pod ${POD%?}0
}

# What giltop is told, with files in the place of the engine's.
with_docker_files() { # ID NAME COMMAND..
	mount -t tmpfs none /var/lib
	mkdir -p "/var/lib/docker/containers/$1"
	printf '{"ID":"%s","Name":"/%s"}' "$1" "$2" >"/var/lib/docker/containers/$1/config.v2.json"
	shift 2
	"$@"
}

@test "a container has the name that its engine's files have for it" {
	local a b
	a=$(id_of a) b=$(id_of b)
	group_make "$V2" "docker-$a.scope"
	group_make "$V2" "docker-$b.scope"
	sleeper "docker-$b.scope"
	sleeper "docker-$a.scope"
	export -f with_docker_files
	unshare -m --propagation private bash -c 'with_docker_files "$@"' - "$a" web-1 \
		"$GILTOP" --json -a -d 300ms --cgroup "$GROUP" --container web-1 >"$OUT" 3>&- || skip "needs to mount"
	numbers --expr "[p['pid'] for p in total['processes']] == [$WL_PID]" \
		--expr "proc['container'] == {'id': '$a', 'name': 'web-1', 'engine': 'docker'}"
	unshare -m --propagation private bash -c 'with_docker_files "$@"' - "$a" web-1 \
		"$GILTOP" list --cgroup "$GROUP" >"$BATS_TEST_TMPDIR/list" 3>&-
	grep -q "^ *$WL_PID .* in web-1 " "$BATS_TEST_TMPDIR/list"
	grep -q " in ${b:0:12} " "$BATS_TEST_TMPDIR/list"
	[ "$(grep -c probes "$BATS_TEST_TMPDIR/list")" -eq 2 ]
}

# hosted FILE: a Python in UTS, mount and pid namespaces of its own, whose /etc/hostname is FILE: WL_PID.
hosted() {
	printf '%s\n' "$SLEEP" >"$BATS_TEST_TMPDIR/hosted.py"
	WL_OUT=$BATS_TEST_TMPDIR/hosted.out
	unshare --uts --mount --pid --fork --kill-child --mount-proc --propagation private bash -c '
		mount --bind "$1" /etc/hostname && exec "$2" -S -u "$3"' - "$1" "$PYTHON" "$BATS_TEST_TMPDIR/hosted.py" \
		>"$WL_OUT" 2>&1 </dev/null 3>&- &
	pid_start $!
	wait_for 10 workload_said ready
	INNER=$(pgrep -P $!)
	WL_PID=$INNER
}

@test "without an engine's files a container has its host name, and its process the pid that it has there" {
	local id
	id=$(id_of f)
	group_make "$V2" "libpod-$id.scope"
	echo web-7 >"$BATS_TEST_TMPDIR/hostname"
	hosted "$BATS_TEST_TMPDIR/hostname"
	into "$V2/$GROUP/libpod-$id.scope"
	measured "$WL_PID" --cgroup "$GROUP" --container web-7
	numbers --expr "proc['container'] == {'id': '$id', 'name': 'web-7', 'engine': 'podman'}" \
		--expr "proc['ns_pid'] == 1"
	run -0 --separate-stderr "$GILTOP" doctor -p "$WL_PID"
	[[ $output == *"runs in container web-7 (podman, ${id:0:12}), pid 1 there"* ]]
	[[ $output == *"cgroup /$GROUP/libpod-$id.scope"* ]]
}

@test "a host name that blocks who reads it keeps nobody" {
	local id
	id=$(id_of f)
	group_make "$V2" "libpod-$id.scope"
	mkfifo "$BATS_TEST_TMPDIR/hostname"
	hosted "$BATS_TEST_TMPDIR/hostname"
	into "$V2/$GROUP/libpod-$id.scope"
	measured "$WL_PID" --container "$id"
	numbers --expr "proc['container']['name'] is None" --expr "'given_up' not in total['stats']"
}

# Its /etc is a file system that nobody serves: who looks into it waits.
SILENT='
import ctypes, os, time
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = "fd=%d,rootmode=40000,user_id=0,group_id=0" % fd
if libc.mount(b"none", b"/etc", b"fuse", 0, options.encode()):
    print("ready, without", os.strerror(ctypes.get_errno()), flush=True)
else:
    print("ready", flush=True)
time.sleep(1000)
'

silent() {
	WL_OUT=$BATS_TEST_TMPDIR/silent.${#WL_ALL[@]}
	unshare --uts --mount --propagation private "$PYTHON" -S -u "$BATS_TEST_TMPDIR/silent.py" \
		>"$WL_OUT" 2>&1 </dev/null 3>&- &
	WL_PID=$!
	pid_start $WL_PID
	wait_for 10 workload_said ready
}

@test "a host name that never comes costs a moment and the name, and that is counted" {
	local id all=()
	[ -e /dev/fuse ] || skip "needs /dev/fuse"
	printf '%s\n' "$SILENT" >"$BATS_TEST_TMPDIR/silent.py"
	for id in $(id_of a) $(id_of b) $(id_of c) $(id_of d); do
		group_make "$V2" "libpod-$id.scope"
		silent
		grep -qx ready "$WL_OUT" || skip "needs to mount fuse"
		into "$V2/$GROUP/libpod-$id.scope"
		all+=("$WL_PID")
	done
	# Three times it was tried, then no more.
	measured "$(IFS=,; echo "${all[*]}")" --cgroup "$GROUP"
	numbers --expr "all(p['container']['name'] is None and p['container']['engine'] == 'podman' for p in total['processes'])" \
		--expr "total['stats']['given_up'] == 3"
}

@test "a process in a pid namespace and no container says so" {
	sleeper
	json_of -d 300ms -p "$WL_PID"
	numbers --expr "proc['container'] is None and proc['ns_pid'] is None"
	: >"$BATS_TEST_TMPDIR/hostname"
	hosted "$BATS_TEST_TMPDIR/hostname"
	json_of -d 300ms -p "$WL_PID"
	numbers --expr "proc['container'] is None and proc['ns_pid'] == 1"
	run -0 --separate-stderr "$GILTOP" -b -d 300ms -p "$WL_PID"
	[[ $output == *"a pid namespace of its own, pid 1 there"* ]]
}

@test "users and names choose, and all that is said must hold" {
	local uid a b c
	needs_cmd setpriv
	uid=$(id -u nobody)
	group_make "$V2" a
	open_the_way
	printf '%s\n' "$SLEEP" >"$BATS_TEST_TMPDIR/sleep.py"
	ln -s "$PYTHON" "$BATS_TEST_TMPDIR/giltop-a"
	ln -s "$PYTHON" "$BATS_TEST_TMPDIR/giltop-b"
	named giltop-a
	a=$WL_PID
	named giltop-b
	b=$WL_PID
	named giltop-b setpriv --reuid="$uid" --regid="$(id -g nobody)" --clear-groups
	c=$WL_PID
	measured "$a, $b, $c" --cgroup "/$GROUP"
	measured "$a" --comm giltop-a --cgroup "/$GROUP"
	measured "$b, $c" --comm giltop-b --cgroup "/$GROUP"
	measured "$a, $b, $c" --comm 'giltop-[ab]' --cgroup "/$GROUP"
	measured "$c" --user nobody --cgroup "/$GROUP"
	measured "$c" --user "$uid" --comm 'giltop-*' --cgroup "/$GROUP"
	measured "" --user nobody --comm giltop-a --cgroup "/$GROUP"
	measured "$a, $b, $c" --user "nobody,0" --cgroup "/$GROUP"
	run -2 "$GILTOP" -b -a --user no-such-user-here
	[[ $output == *"no user 'no-such-user-here'"* ]]
}

# named NAME COMMAND..: a sleeper of that name, started by COMMAND, in the group: WL_PID.
named() {
	local name=$1
	shift
	WL_OUT=$BATS_TEST_TMPDIR/named.${#WL_ALL[@]}.out
	"$@" "$BATS_TEST_TMPDIR/$name" -S -u "$BATS_TEST_TMPDIR/sleep.py" >"$WL_OUT" 2>&1 </dev/null 3>&- &
	WL_PID=$!
	WL_ALL+=("$WL_PID")
	wait_for 10 workload_said ready
	into "$V2/$GROUP/a"
}

has_pid() { # PID: in what is written so far
	grep -q "\"pid\":$1,.*\"cmdline\"" "$GT_OUT"
}

@test "when nobody is there that is wanted that is said, and who comes later is measured" {
	local id inside outside
	id=$(id_of a)
	group_make "$V2" "docker-$id.scope"
	giltop_start --json -a --container "$id"
	wait_for 5 grep -q waiting "$GT_ERR"
	[ "$(cat "$GT_ERR")" = "giltop: no process is there that is wanted by --container $id: waiting for one" ]
	sleeper
	outside=$WL_PID
	printf '%s\n' "$SLEEP" >"$BATS_TEST_TMPDIR/later.py"
	WL_OUT=$BATS_TEST_TMPDIR/later.out
	# As engines do: into the cgroup first, then the program.
	bash -c 'echo $$ >"$1/cgroup.procs" && exec "$2" -S -u "$3"' - "$V2/$GROUP/docker-$id.scope" "$PYTHON" \
		"$BATS_TEST_TMPDIR/later.py" >"$WL_OUT" 2>&1 </dev/null 3>&- &
	inside=$!
	pid_start $inside
	wait_for 10 has_pid $inside
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	NUMBERS_OF=$GT_OUT numbers --expr "{p['pid'] for p in total['processes']} == {$inside}" --expr "$outside != $inside"
}

# A line on stdin: a child with another name. Another one: another program by exec.
FAMILY='
import os, sys, time
print("ready", flush=True)
sys.stdin.readline()
child = os.fork()
if not child:
    open("/proc/self/comm", "w").write("renamed")
    while True:
        time.sleep(0.01)
print("child", child, flush=True)
sys.stdin.readline()
os.execv(sys.argv[1], [sys.argv[1], "-S", "-c", """import threading
def work():
    while True: sum(range(200))
for i in range(3): threading.Thread(target=work).start()"""])
'

@test "who is forked is as its parent, who runs another program is asked again" {
	local child fifo=$BATS_TEST_TMPDIR/in in
	ln -s "$PYTHON" "$BATS_TEST_TMPDIR/fam-$$"
	ln -s "$PYTHON" "$BATS_TEST_TMPDIR/odd-$$"
	printf '%s\n' "$FAMILY" >"$BATS_TEST_TMPDIR/family.py"
	giltop_start --json -a --comm fam-$$
	mkfifo "$fifo"
	exec {in}<>"$fifo"
	WL_OUT=$BATS_TEST_TMPDIR/family.out
	"$BATS_TEST_TMPDIR/fam-$$" -S "$BATS_TEST_TMPDIR/family.py" "$BATS_TEST_TMPDIR/odd-$$" \
		<"$fifo" >"$WL_OUT" 2>&1 3>&- {in}>&- &
	WL_PID=$!
	pid_start $WL_PID
	wait_for 10 has_pid "$WL_PID"
	echo >&"$in"
	wait_for 10 workload_said child
	child=$(sed -n 's/^child //p' "$WL_OUT")
	pid_start "$child"
	wait_for 10 has_pid "$child"
	grep -qx renamed "/proc/$child/comm"
	echo >&"$in"
	exec {in}>&-
	wait_for 10 grep -qx odd-$$ "/proc/$WL_PID/comm"
	# One that comes after it is measured: so it has been asked, and is not.
	WL_OUT=$BATS_TEST_TMPDIR/last.out
	"$BATS_TEST_TMPDIR/fam-$$" -S -u -c "$SLEEP" >"$WL_OUT" 2>&1 </dev/null 3>&- &
	pid_start $!
	wait_for 10 has_pid $!
	giltop_end INT
	[ "$GT_CODE" -eq 0 ]
	NUMBERS_OF=$GT_OUT numbers --open-end \
		--expr "sorted(p['pid'] for p in total['processes']) == sorted([$WL_PID, $child, $!])" \
		--expr "not [p for p in total['processes'] if 'odd-$$ -S' in p['cmdline']]" \
		--expr "[p['alive'] for p in total['processes'] if p['pid'] == $WL_PID] == [False]"
}
