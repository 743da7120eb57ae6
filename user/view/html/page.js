// SPDX-License-Identifier: BSD-2-Clause
// The pictures of the page: what giltop has put into #data is drawn, words and tables are there already. No text of the
// target is ever made into HTML: it goes through textContent, or into a canvas.
'use strict';
(() => {
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

// ---- what is in the data -------------------------------------------------------------------------
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

// ---- the use of the GIL ---------------------------------------------------------------------------
// Of each interval: how much it was held, how many waited. One scale each, and what the timeline shows of the run in a frame.
const USE = {height: 112, held: [6, 44], waiting: [60, 34]}; // top, height
const moments = [];
for (let i = 0; i < data.moments.length; i += 4) {
	const [start, end, held, waiting] = data.moments.slice(i, i + 4);
	moments.push({start, end, held: held / 1000, waiting: waiting / 1000});
}

function useWords() {
	const known = moments.filter((m) => m.held >= 0), most = Math.max(0, ...moments.map((m) => m.waiting));
	const sum = (list, f) => list.reduce((n, m) => n + f(m) * (m.end - m.start), 0);
	const isOneGil = [...document.querySelectorAll('.proc .facts dt')].filter((dt) => dt.textContent.startsWith('GIL ')).length < 2;
	const held = known.length ? (isOneGil ? 'Held ' : 'The busiest GIL of each interval was held ') + percent(sum(known, (m) => m.held) / sum(known, () => 1)) + ' of the time, at most ' + percent(Math.max(...known.map((m) => m.held))) + ' of an interval. '
		: 'How much it was held is not known. ';
	const few = (n) => n && n < 0.05 ? '<0.1' : n.toFixed(n ? 1 : 0);
	return held + few(sum(moments, (m) => m.waiting) / Math.max(1, sum(moments, () => 1))) + ' threads waited on average, in the worst interval ' + few(most) + '.';
}

function drawUse() {
	const {c, width} = prepare($('use'), USE.height), left = gutter(), end = Math.max(data.t1, 1);
	const x = (ns) => left + ns / end * (width - left), most = Math.max(1, Math.ceil(Math.max(0, ...moments.map((m) => m.waiting))));
	const panel = ([top, height], name, words, scale, value) => {
		c.fillStyle = colour('card');
		c.fillRect(left, top, width - left, height);
		c.fillStyle = colour(name);
		for (const m of moments) {
			const h = Math.max(0, value(m)) * height;
			c.fillRect(x(m.start), top + height - h, Math.max(1, x(m.end) - x(m.start) - (moments.length < 200 ? 1 : 0)), h);
		}
		c.fillStyle = colour('text');
		c.textAlign = 'left';
		c.fillText(words, 2, top + height / 2 + 4);
		c.fillStyle = colour('soft');
		c.textAlign = 'right';
		c.fillText(scale, left - 6, top + 10);
		c.fillText('0', left - 6, top + height);
	};
	panel(USE.held, 'hold', 'held', '100%', (m) => m.held);
	panel(USE.waiting, 'wait', 'waiting', String(most), (m) => m.waiting / most);
	c.fillText(duration(end), width - 2, USE.height - 3);
	c.textAlign = 'left';
	c.fillText('0', left, USE.height - 3);
	if (view.to - view.from < data.t1) {
		c.strokeStyle = colour('text');
		c.lineWidth = 2;
		c.strokeRect(x(view.from) - 1, 1, Math.max(3, x(view.to) - x(view.from) + 2), USE.waiting[0] + USE.waiting[1] + 3);
	}
	$('use-words').textContent = useWords();
}

// ---- the timeline -----------------------------------------------------------------------------------
const ROW = 24, TOP = 20;
const ROWS = 24; // further ones when asked for
const view = {from: 0, to: Math.max(1, data.t1), row: 0, at: 0, cursor: false, all: rows.length <= ROWS};
const rowsShown = () => view.all ? rows : rows.slice(0, ROWS);
const gutter = () => Math.min(170, Math.max(84, $('time-box').clientWidth * 0.2));
const timeX = (ns, width) => gutter() + (ns - view.from) / (view.to - view.from) * (width - gutter());
const timeOf = (px, width) => view.from + (px - gutter()) / (width - gutter()) * (view.to - view.from);

function ticks(c, width, height) {
	const span = view.to - view.from, rough = span / Math.max(2, (width - gutter()) / 110);
	const power = 10 ** Math.floor(Math.log10(rough));
	const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
	c.textAlign = 'center';
	for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
		const x = timeX(t, width);
		c.fillStyle = colour('line');
		c.fillRect(x, TOP - 4, 1, height - TOP + 4);
		c.fillStyle = colour('soft');
		c.fillText(moment(t, step), Math.min(width - 28, Math.max(gutter() + 12, x)), 12);
	}
	c.textAlign = 'left';
}

// Of the shares, what is not in long states: those are known better. Shares are in 1/63, so a little beside a long state may only
// be rounding; by itself it is there.
function rests(row) {
	const left = row.shares.map((all) => all && Float32Array.from(all)), isBeside = left.map((all) => all && new Uint8Array(data.bins));
	for (const l of row.longs)
		for (let i = binAt(l.start); i <= binAt(l.end - 1); i++, isBeside[l.kind][i - 1] = 1)
			left[l.kind][i] -= (Math.min(l.end, (i + 1) * data.bin) - Math.max(l.start, i * data.bin)) / data.bin;
	return left.map((all, kind) => all && all.map((share, i) => !data.left || share < (isBeside[kind][i] ? 0.02 : 0) ? 0 : share));
}

// How much of each two pixels a row waits, holds and yields: short states and the rest of the shares.
const STEP = 2;
function densityOf(row, width, least) {
	const columns = Math.ceil((width - gutter()) / STEP), perColumn = (view.to - view.from) / (width - gutter()) * STEP;
	const sums = [null, 1, 2, 3].map((kind) => kind && new Float32Array(columns));
	row.rests = row.rests || rests(row);
	for (let i = 0; i < columns; i++) {
		const from = (view.from + i * perColumn) / data.bin, upto = from + perColumn / data.bin;
		for (let b = Math.floor(from); b < upto && b < data.bins; b++)
			for (let k = 1; k <= 3; k++)
				sums[k][i] += row.rests[k][b] * (Math.min(upto, b + 1) - Math.max(from, b)) / (upto - from);
	}
	for (const l of row.longs) {
		if (l.end <= view.from || l.start >= view.to || l.end - l.start >= least)
			continue;
		const first = Math.max(0, Math.floor((l.start - view.from) / perColumn));
		for (let i = first; i < columns && view.from + i * perColumn < l.end; i++)
			sums[l.kind][i] += (Math.min(l.end, view.from + (i + 1) * perColumn) - Math.max(l.start, view.from + i * perColumn)) / perColumn;
	}
	return sums;
}

// What was held stands on the ground of the row, what was waited hangs from above.
function drawShares(c, row, y, width, least) {
	const h = ROW - 6, sums = densityOf(row, width, least);
	for (let i = 0; i < sums[1].length; i++) {
		const [wait, hold, yields] = [1, 2, 3].map((k) => Math.min(1, sums[k][i])), x = gutter() + i * STEP;
		const bar = (name, top, height) => {
			c.fillStyle = colours[name];
			c.fillRect(x, top, STEP, height);
		};
		if (hold > 0)
			bar('hold', y + h - Math.max(1, hold * h), Math.max(1, hold * h));
		if (wait > 0)
			bar('wait', y, Math.max(1, wait * h));
		if (yields > 0.02)
			bar('yield', y + wait * h, Math.max(1, yields * h));
	}
}

// States one by one, where they are wide enough: holds have the whole height, waits two thirds, yields a third.
function drawLongs(c, row, y, width, least) {
	const h = ROW - 6;
	for (const l of row.longs) {
		if (l.end <= view.from || l.start >= view.to || l.end - l.start < least)
			continue;
		const x1 = Math.max(gutter(), timeX(l.start, width)), x2 = Math.min(width, timeX(l.end, width));
		const part = l.kind === 2 ? 1 : l.kind === 1 ? 0.6 : 0.3;
		c.fillStyle = colours.back;
		c.fillRect(x1, y, x2 - x1, h);
		c.fillStyle = colours[KINDS[l.kind]];
		c.globalAlpha = 0.25;
		c.fillRect(x1, y, Math.max(1, x2 - x1 - 0.5), h);
		c.globalAlpha = 1;
		c.fillRect(x1, y, Math.max(1, x2 - x1 - 0.5), h * part);
	}
}

// ", from 06:08:04.993 UTC": to find it in a log.
const onTheWall = (ns) => data.wall ? ', from ' + new Date(data.wall + ns / 1e6).toISOString().slice(11, 23) + ' UTC' : '';

let colours = {};
function drawTime() {
	const shown = rowsShown(), height = TOP + Math.max(1, shown.length) * ROW + 4;
	const {c, width} = prepare($('time'), height);
	for (const name of ['wait', 'hold', 'yield', 'back'])
		colours[name] = colour(name);
	ticks(c, width, height);
	const least = 3 * (view.to - view.from) / (width - gutter());
	shown.forEach((row, i) => {
		const y = TOP + i * ROW + 3;
		if (i === view.row && document.activeElement === $('time')) {
			c.fillStyle = colour('chosen');
			c.fillRect(0, y - 3, width, ROW);
		}
		c.fillStyle = colour('text');
		c.save();
		c.beginPath();
		c.rect(0, y - 3, gutter() - 6, ROW);
		c.clip();
		c.fillText(row.name, 2, y + 13);
		c.restore();
		drawShares(c, row, y, width, least);
		drawLongs(c, row, y, width, least);
	});
	if (view.cursor) {
		c.fillStyle = colour('text');
		c.fillRect(timeX(view.at, width), TOP, 1, height - TOP);
	}
	if (!rows.length)
		c.fillText('nothing was recorded one by one', gutter(), TOP + 14);
	const span = view.to - view.from;
	$('time-span').textContent = moment(view.from, span / 100) + ' to ' + moment(view.to, span / 100) + ' (' + duration(span) + ')' + onTheWall(view.from);
}

function stackWords(n) {
	return n < 0 || !data.stacks[n].length ? '' : ' in ' + data.stacks[n].slice(0, 3).map(text).join(', called by ');
}

// What a row did at a moment, in words.
function wordsOf(row, ns) {
	const long = longAt(row, ns), who = row.name + (row.tid ? ' (' + row.tid + ')' : '');
	if (long) {
		let words = who + ' ' + VERBS[long.kind] + ' for ' + duration(long.end - long.start) + ', from ' + moment(long.start, 1000) + stackWords(long.stack);
		if (long.kind === 1) {
			const holder = holderAt(ns, row);
			if (long.holder >= 0)
				words += '; ' + rows[long.holder].name + ' had the GIL as it began';
			if (holder)
				words += '; at this moment ' + holder.row.name + (holder.long ? ' has it' + stackWords(holder.long.stack) : ' has it most');
		}
		return words;
	}
	const bin = binAt(ns), holder = holderAt(ns, null);
	return who + ', ' + duration(data.bin) + ' from ' + moment(bin * data.bin, data.bin) + ': waits ' + percent(row.shares[1][bin]) + ', has the GIL ' + percent(row.shares[2][bin]) +
		', yields ' + percent(row.shares[3][bin]) + (holder && holder.row !== row ? '; ' + holder.row.name + ' has it most' : '');
}

function say(words) {
	if ($('time-words').textContent !== words)
		$('time-words').textContent = words;
}

function setView(from, to) {
	const least = Math.min(1000, data.t1), all = Math.max(1, data.t1);
	let span = Math.min(all, Math.max(least, to - from));
	from = Math.min(Math.max(0, from), all - span);
	view.from = from;
	view.to = from + span;
	schedule(drawTime);
	schedule(drawUse);
}

function zoom(factor, around) {
	const at = around === undefined ? (view.from + view.to) / 2 : around;
	setView(at - (at - view.from) * factor, at + (view.to - at) * factor);
}
const pan = (part) => setView(view.from + part * (view.to - view.from), view.to + part * (view.to - view.from));

// The next long state of the row, made visible.
function step(direction) {
	const longs = rows[view.row] ? rows[view.row].longs : [];
	const next = direction > 0 ? longs.find((l) => l.start > view.at) : longs.filter((l) => l.end <= view.at).pop();
	if (!next)
		return;
	view.at = (next.start + next.end) / 2;
	view.cursor = true;
	if (next.start < view.from || next.end > view.to) {
		const span = Math.max(view.to - view.from, (next.end - next.start) * 1.2);
		setView(view.at - span / 2, view.at + span / 2);
	}
	say(wordsOf(rows[view.row], view.at));
}

function chooseRow(n) {
	view.row = Math.min(rowsShown().length - 1, Math.max(0, n));
	if (rows[view.row])
		say(wordsOf(rows[view.row], view.cursor ? view.at : (view.from + view.to) / 2));
}

const TIME_KEYS = {
	'+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), '0': () => setView(0, data.t1),
	ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2),
	ArrowUp: () => chooseRow(view.row - 1), ArrowDown: () => chooseRow(view.row + 1),
	Home: () => setView(0, view.to - view.from), End: () => setView(data.t1 - (view.to - view.from), data.t1),
	n: () => step(1), p: () => step(-1),
};

function placeTip(words, event) {
	const tip = $('tip');
	tip.textContent = words;
	tip.hidden = !words;
	if (!words)
		return;
	const box = tip.getBoundingClientRect();
	tip.style.left = Math.max(4, Math.min(event.clientX + 14, window.innerWidth - box.width - 8)) + 'px';
	tip.style.top = (event.clientY + 18 + box.height > window.innerHeight ? event.clientY - box.height - 10 : event.clientY + 18) + 'px';
}

function startTimeline() {
	const canvas = $('time');
	let drag = null;
	const where = (event) => {
		const box = canvas.getBoundingClientRect();
		return {x: event.clientX - box.left, row: Math.min(rowsShown().length, Math.floor((event.clientY - box.top - TOP) / ROW)), width: box.width};
	};
	canvas.addEventListener('wheel', (event) => {
		if (!event.deltaY || event.shiftKey || !(event.ctrlKey || event.metaKey || document.activeElement === canvas))
			return; // it scrolls the page
		event.preventDefault();
		const at = where(event);
		zoom(event.deltaY > 0 ? 1.25 : 0.8, timeOf(Math.max(gutter(), at.x), at.width));
	}, {passive: false});
	canvas.addEventListener('pointerdown', (event) => {
		drag = {x: event.clientX, from: view.from, to: view.to};
		canvas.setPointerCapture(event.pointerId);
	});
	canvas.addEventListener('pointerup', (event) => {
		const at = where(event);
		if (drag && Math.abs(event.clientX - drag.x) < 4 && rowsShown()[at.row] && at.x > gutter()) {
			view.at = timeOf(at.x, at.width);
			view.cursor = true;
			chooseRow(at.row);
			schedule(drawTime);
		}
		drag = null;
	});
	canvas.addEventListener('pointermove', (event) => {
		const at = where(event);
		if (drag && Math.abs(event.clientX - drag.x) >= 4) {
			const by = (drag.x - event.clientX) / (at.width - gutter()) * (drag.to - drag.from);
			setView(drag.from + by, drag.to + by);
		}
		const row = rowsShown()[at.row];
		placeTip(row && at.x > gutter() ? wordsOf(row, timeOf(at.x, at.width)) : row ? row.name : '', event);
	});
	canvas.addEventListener('pointerleave', () => { $('tip').hidden = true; });
	canvas.addEventListener('keydown', (event) => {
		const act = TIME_KEYS[event.key];
		if (!act || event.ctrlKey || event.metaKey || event.altKey)
			return;
		event.preventDefault();
		act();
		schedule(drawTime);
	});
	const more = $('time-more');
	more.hidden = view.all;
	more.textContent = 'all ' + rows.length + ' rows';
	more.addEventListener('click', () => {
		view.all = more.hidden = true;
		canvas.focus();
		schedule(drawTime);
	});
	canvas.addEventListener('focus', () => schedule(drawTime));
	canvas.addEventListener('blur', () => schedule(drawTime));
	const buttons = {in: () => zoom(0.5), out: () => zoom(2), left: () => pan(-0.5), right: () => pan(0.5), all: () => setView(0, data.t1)};
	for (const button of document.querySelectorAll('[data-zoom]'))
		button.addEventListener('click', () => buttons[button.dataset.zoom]());
}

// ---- flame graphs -------------------------------------------------------------------------------------
function treeOf(flat) {
	const path = [];
	for (let i = 0; i < flat.length; i += 4) {
		const node = {name: text(flat[i]), depth: flat[i + 1], ns: flat[i + 2], own: flat[i + 3], children: [], parent: null};
		node.parent = node.depth ? path[node.depth - 1] : null;
		if (node.parent)
			node.parent.children.push(node);
		path[node.depth] = node;
	}
	return path[0] || null;
}
const trees = {};
const flame = {weight: 'blame', root: null, zoom: null, elements: new Map()};
const WEIGHTS = {blame: 'of what others waited', wait: 'of all waiting', hold: 'of all holding'};

const wordsOfFrame = (node) => node.name + ': ' + duration(node.ns) + ', ' + percent(node.ns / flame.root.ns) + ' ' + WEIGHTS[flame.weight] +
	(node.own && node.children.length ? ', ' + duration(node.own) + ' of it here' : '');

// A shade by the name: the same function looks the same everywhere.
function shade(name) {
	let hash = 0;
	for (let i = 0; i < name.length; i++)
		hash = (hash * 31 + name.charCodeAt(i)) >>> 0;
	return name.startsWith('[') ? 'marker' : 'shade' + hash % 6;
}

const LEAST = 0.0015; // of the width
function drawFlame() {
	const box = $('flame'), wanted = $('search').value.toLowerCase();
	box.textContent = '';
	flame.elements.clear();
	if (!flame.root) {
		box.textContent = 'nothing was seen';
		box.style.height = '2em';
		return;
	}
	let deepest = 0;
	const put = (node, left, width) => {
		const div = document.createElement('div'), hit = wanted && node.name.toLowerCase().includes(wanted);
		div.className = 'frame ' + flame.weight + ' ' + shade(node.name) + (hit ? ' hit' : '') + (node.depth < flame.zoom.depth ? ' above' : '');
		div.style.left = 100 * left + '%';
		div.style.width = 100 * width + '%';
		div.style.top = node.depth * 19 + 'px';
		div.textContent = width * box.clientWidth < 26 ? '' : node.name;
		div.tabIndex = node === flame.zoom ? 0 : -1;
		div.setAttribute('role', 'treeitem');
		div.setAttribute('aria-level', node.depth + 1);
		div.setAttribute('aria-label', wordsOfFrame(node));
		flame.elements.set(node, div);
		div.node = node;
		box.append(div);
		deepest = Math.max(deepest, node.depth);
	};
	for (let n = flame.zoom.parent; n; n = n.parent)
		put(n, 0, 1);
	const todo = [[flame.zoom, 0]];
	while (todo.length) {
		const [node, left] = todo.pop(), width = node.ns / flame.zoom.ns;
		put(node, left, width);
		let x = left;
		for (const child of node.children) {
			if (child.ns / flame.zoom.ns >= LEAST)
				todo.push([child, x]);
			x += child.ns / flame.zoom.ns;
		}
	}
	box.style.height = (deepest + 1) * 19 + 'px';
}

function search() {
	const wanted = $('search').value.toLowerCase();
	let ns = 0, cnt = 0;
	const visit = (node, inside) => {
		const hit = node.name.toLowerCase().includes(wanted);
		cnt += hit;
		if (hit && !inside)
			ns += node.ns;
		for (const child of node.children)
			visit(child, inside || hit);
	};
	if (wanted && flame.root)
		visit(flame.root, false);
	$('found').textContent = !wanted ? '' : cnt ? cnt + ' frames, ' + percent(ns / flame.root.ns) + ' ' + WEIGHTS[flame.weight] : 'no frame';
	drawFlame();
}

function zoomFlame(node) {
	flame.zoom = node || flame.root;
	drawFlame();
	const element = flame.elements.get(flame.zoom);
	if (element)
		element.focus({preventScroll: true});
}

function chooseFlame(weight) {
	flame.weight = weight;
	if (!(weight in trees))
		trees[weight] = treeOf(data.flames[weight]);
	flame.root = flame.zoom = trees[weight];
	for (const button of document.querySelectorAll('[data-weight]'))
		button.setAttribute('aria-pressed', String(button.dataset.weight === weight));
	$('flame-words').textContent = '';
	search();
}

// The neighbours that are drawn.
function besides(node, way) {
	const list = node.parent ? node.parent.children.filter((n) => flame.elements.has(n)) : [node];
	return list[list.indexOf(node) + way];
}
const FLAME_KEYS = {
	ArrowDown: (n) => n.children.find((child) => flame.elements.has(child)), ArrowUp: (n) => n.parent,
	ArrowLeft: (n) => besides(n, -1), ArrowRight: (n) => besides(n, 1),
};

function startFlame() {
	const box = $('flame');
	const nodeOf = (event) => event.target.node;
	box.addEventListener('click', (event) => nodeOf(event) && zoomFlame(nodeOf(event)));
	box.addEventListener('pointermove', (event) => placeTip(nodeOf(event) ? wordsOfFrame(nodeOf(event)) : '', event));
	box.addEventListener('pointerleave', () => { $('tip').hidden = true; });
	box.addEventListener('focusin', (event) => {
		if (nodeOf(event))
			$('flame-words').textContent = wordsOfFrame(nodeOf(event));
	});
	box.addEventListener('keydown', (event) => {
		const node = nodeOf(event), go = FLAME_KEYS[event.key];
		if (!node || (!go && event.key !== 'Enter' && event.key !== ' ' && event.key !== 'Escape'))
			return;
		event.preventDefault();
		if (!go)
			zoomFlame(event.key === 'Escape' ? flame.root : node);
		else if (go(node))
			flame.elements.get(go(node)).focus();
	});
	for (const button of document.querySelectorAll('[data-weight]'))
		button.addEventListener('click', () => chooseFlame(button.dataset.weight));
	$('search').addEventListener('input', search);
	$('flame-reset').addEventListener('click', () => { $('search').value = ''; flame.zoom = flame.root; search(); });
	const first = ['blame', 'wait', 'hold'].find((w) => data.flames[w].length) || 'blame';
	chooseFlame(first);
}

// ---- tables that sort -----------------------------------------------------------------------------------
function valueOf(row, column) {
	const cell = row.cells[column];
	if (!cell.classList.contains('num'))
		return cell.textContent;
	const isShare = row.closest('table').tHead.rows[0].cells[column].textContent.endsWith('%');
	return isShare ? parseFloat(cell.textContent) || 0 : Number(cell.dataset.v === undefined ? -1 : cell.dataset.v);
}

function sortBy(table, column) {
	const head = table.tHead.rows[0].cells[column], body = table.tBodies[0];
	const isNumber = head.classList.contains('num');
	const down = head.getAttribute('aria-sort') === (isNumber ? 'descending' : 'ascending') ? !isNumber : isNumber;
	const sorted = [...body.rows].sort((a, b) => {
		const x = valueOf(a, column), y = valueOf(b, column);
		const order = isNumber ? x - y : x.localeCompare(y);
		return down ? -order : order;
	});
	for (const cell of table.tHead.rows[0].cells)
		cell.removeAttribute('aria-sort');
	head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
	body.append(...sorted);
}

function startTables() {
	for (const table of document.querySelectorAll('table.sortable'))
		[...table.tHead.rows[0].cells].forEach((cell, i) => {
			const button = document.createElement('button');
			button.type = 'button';
			button.textContent = cell.textContent;
			cell.textContent = '';
			cell.append(button);
			button.addEventListener('click', () => sortBy(table, i));
		});
}

// ---- all of it --------------------------------------------------------------------------------------------
const waiting = new Set();
function schedule(draw) {
	if (!waiting.size)
		requestAnimationFrame(() => {
			const all = [...waiting];
			waiting.clear();
			for (const one of all)
				one();
		});
	waiting.add(draw);
}

function startTheme() {
	const button = $('theme'), dark = window.matchMedia('(prefers-color-scheme: dark)');
	const isDark = () => document.documentElement.dataset.theme ? document.documentElement.dataset.theme === 'dark' : dark.matches;
	const show = () => {
		button.setAttribute('aria-pressed', String(isDark()));
		schedule(drawUse);
		schedule(drawTime);
	};
	button.addEventListener('click', () => {
		document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
		show();
	});
	dark.addEventListener('change', show);
	let before;
	const draw = () => { drawUse(); drawTime(); };
	window.addEventListener('beforeprint', () => {
		before = document.documentElement.dataset.theme;
		document.documentElement.dataset.theme = 'light';
		draw();
	});
	window.addEventListener('afterprint', () => {
		if (before)
			document.documentElement.dataset.theme = before;
		else
			delete document.documentElement.dataset.theme;
		draw();
	});
	show();
}

const facts = document.querySelector('.proc .facts');
if (facts)
	facts.after($('pictures'));
$('pictures').hidden = $('tools').hidden = false;
startTheme();
startTimeline();
startFlame();
startTables();
drawUse();
drawTime();
new ResizeObserver(() => { schedule(drawUse); schedule(drawTime); }).observe($('time-box'));
document.documentElement.dataset.ready = 'yes';
})();
