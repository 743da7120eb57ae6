// SPDX-License-Identifier: BSD-2-Clause
// Flame graphs of blame, wait and hold, as trees of elements: they can be searched and walked by keyboard.
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
