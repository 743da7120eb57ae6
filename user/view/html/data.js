// SPDX-License-Identifier: BSD-2-Clause
// What giltop has put into #data, and how times and shares are written.
const $ = (id) => document.getElementById(id);
const data = JSON.parse($('data').textContent);
const KINDS = ['', 'wait', 'hold', 'yield'];
const VERBS = ['', 'waits', 'has the GIL', 'yields'];
const text = (n) => n < 0 ? '' : data.texts[n];

// As giltop prints it everywhere (units__duration, units__percent).
const UNITS = [[1, 999.5, 'ns'], [1e3, 999.5, 'us'], [1e6, 999.5, 'ms'], [1e9, 999.5, 's'], [60e9, 99.5, 'm'], [3600e9, 99.5, 'h'], [86400e9, 1e99, 'd']];
function duration(ns) {
	const [size, , name] = UNITS.find(([one, below]) => ns / one < below);
	return (ns / size).toFixed(size > 1 && ns / size < 99.95 ? 1 : 0) + name;
}
const percent = (part) => part > 0 && part < 0.0005 ? '<0.1%' : (100 * part).toFixed(part && part < 0.0995 ? 1 : 0) + '%';

// A moment of the run, told apart from one that is `step` later.
function moment(ns, step) {
	const [size, name] = data.t1 >= 1e9 ? [1e9, 's'] : data.t1 >= 1e6 ? [1e6, 'ms'] : [1e3, 'us'];
	return ns ? (ns / size).toFixed(Math.min(9, Math.max(0, Math.ceil(-Math.log10(step / size) - 1e-9)))) + name : '0';
}
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

// A canvas as sharp as the screen; returns its context, in CSS pixels.
function prepare(canvas, height) {
	const ratio = window.devicePixelRatio || 1, width = canvas.parentElement.clientWidth;
	canvas.style.width = width + 'px';
	canvas.style.height = height + 'px';
	canvas.width = Math.round(width * ratio);
	canvas.height = Math.round(height * ratio);
	const c = canvas.getContext('2d');
	c.setTransform(ratio, 0, 0, ratio, 0, 0);
	c.clearRect(0, 0, width, height);
	c.font = '12px system-ui, sans-serif';
	return {c, width, height};
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUE = new Uint8Array(128);
for (let i = 0; i < 64; i++)
	VALUE[LETTERS.charCodeAt(i)] = i;
function shares(letters) {
	const out = new Float32Array(data.bins);
	for (let i = 0; i < letters.length; i++)
		out[i] = VALUE[letters.charCodeAt(i)] / 63;
	return out;
}
const isOne = new Set(data.rows.map((row) => row[1])).size <= (data.rows.some((row) => !row[1]) ? 2 : 1);
const rows = data.rows.map(([name, pid, tid, w, h, y]) => ({
	name: text(name) + (isOne || !pid ? '' : ' of ' + pid), pid, tid, shares: [null, shares(w), shares(h), shares(y)], longs: [],
}));
{
	let at = 0;
	for (let i = 0; i < data.longs.length; i += 7) {
		const [row, kind, after, length, holder, stack, gil] = data.longs.slice(i, i + 7);
		at += after;
		rows[row].longs.push({kind, start: at, end: at + length, holder, stack, gil});
	}
}

// The long state of a row at a moment, or null. They follow one another, unless a thread is at two GILs.
function longAt(row, ns) {
	let lo = 0, hi = row.longs.length;
	while (lo < hi) {
		const mid = (lo + hi) >> 1;
		if (row.longs[mid].start <= ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (let i = lo - 1; i >= 0 && i >= lo - 3; i--)
		if (row.longs[i].end > ns)
			return row.longs[i];
	return null;
}
const binAt = (ns) => Math.min(data.bins - 1, Math.max(0, Math.floor(ns / data.bin)));

// Who had the GIL at a moment: surely by a long hold, else who had most of that bin.
function holderAt(ns, butNot) {
	let best = null, most = 0;
	for (const row of rows) {
		if (row === butNot)
			continue;
		const long = longAt(row, ns);
		if (long && long.kind === 2)
			return {row, long};
		const share = row.shares[2][binAt(ns)];
		if (share > most) {
			most = share;
			best = row;
		}
	}
	return best ? {row: best, share: most} : null;
}
