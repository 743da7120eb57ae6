// SPDX-License-Identifier: BSD-2-Clause
// The use of the GIL: of each interval how much it was held, and how many waited. One scale each, and what the timeline shows of the run in a frame.
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
