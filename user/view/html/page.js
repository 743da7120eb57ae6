// SPDX-License-Identifier: BSD-2-Clause
// The pictures of the page: what giltop has put into #data is drawn, words and tables are there already. No text of the
// target is ever made into HTML: it goes through textContent, or into a canvas. The build makes one script of this folder's, in
// a scope of its own, this one last.
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
