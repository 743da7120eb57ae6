// SPDX-License-Identifier: BSD-2-Clause
// The timeline: what each thread did, when; zooming in shows states one by one.
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
